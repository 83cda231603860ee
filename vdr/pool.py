"""Pool: alike vectors of a page become one, so that a page takes a third of the room.

Hierarchical token pooling: Ward's agglomerative clustering of the page's unit vectors by cosine distance, each cluster
replaced by its mean at unit length (Clavié et al., "Reducing the footprint of multi-vector retrieval with minimal
performance impact via token pooling", 2024). Ward's method goes by Euclidean distances: of unit vectors, √(2 - 2 cos).
"""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from vdr.multivector import Vectors


def pool(vectors: Vectors, factor: int) -> Vectors:
    """At most n/factor unit vectors, and at least one, for the unit vectors (n, d); the same ones for a factor of 1.

    Fewer remain where several mergers are equally near, as on an empty page.
    """
    wanted = max(1, len(vectors) // factor)
    if len(vectors) <= wanted:
        return vectors
    tree = linkage(vectors, method="ward")
    labels = fcluster(tree, t=wanted, criterion="maxclust") - 1  # (n,)
    sums = np.zeros((labels.max() + 1, vectors.shape[1]), dtype=np.float32)  # (m, d)
    np.add.at(sums, labels, vectors)
    return unit(sums)


def unit(vectors: Vectors) -> Vectors:
    """The rows (n, d) at unit length; rows of nothing but zeros stay so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
