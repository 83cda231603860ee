"""Vectors of chunks in their context: a passage seldom names what its headings and its page are about.

Each vector is the passage's own, plus a share of its headings' and of its page's mean, normalised again. Headings are
embedded once each, so the context costs next to nothing; putting them before each passage's text instead costs their
tokens every time and finds less (benchmarks/RESULTS.md, page recall).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rag.chunk import Chunk
from rag.embed import TextEmbedder, Vectors

HEADINGS_SHARE = 0.3
PAGE_SHARE = 0.4


def embed_in_context(
    chunks: Sequence[Chunk], embedder: TextEmbedder, progress: Callable[[int], None] | None = None
) -> Vectors:
    """The L2-normalised vectors (chunks, d) of a part's chunks."""
    return embed_parts_in_context([chunks], embedder, progress)[0]


def embed_parts_in_context(
    parts: Sequence[Sequence[Chunk]], embedder: TextEmbedder, progress: Callable[[int], None] | None = None
) -> list[Vectors]:
    """The vectors of several parts' chunks, embedded in one go; the same as part by part."""
    texts = [chunk.embedded for chunks in parts for chunk in chunks]
    own = embedder(texts, progress)  # (all chunks, d)
    paths = sorted({_path(chunk) for chunks in parts for chunk in chunks} - {""})
    again = partial(_told_again, progress, len(texts)) if progress else None
    headings = dict(zip(paths, embedder(paths, again), strict=True)) if paths else {}
    vectors = []
    first = 0
    for chunks in parts:
        vectors.append(_in_context(chunks, own[first : first + len(chunks)], headings))
        first += len(chunks)
    return vectors


def _told_again(progress: Callable[[int], None], done: int, _headings: int) -> None:
    progress(done)


def _in_context(chunks: Sequence[Chunk], own: Vectors, headings: Mapping[str, Vectors]) -> Vectors:
    if not chunks:
        return own
    nothing = np.zeros(own.shape[1], np.float32)
    above = np.stack([headings.get(_path(chunk), nothing) for chunk in chunks])  # (n, d)
    pages = _page_means(own, [chunk.page for chunk in chunks])  # (n, d)
    return _normalised(own + HEADINGS_SHARE * above + PAGE_SHARE * pages)


def _path(chunk: Chunk) -> str:
    return " > ".join(chunk.headings)


def _page_means(vectors: Vectors, pages: Sequence[int]) -> Vectors:
    numbers, index = np.unique(np.array(pages), return_inverse=True)  # (p,), (n,)
    sums = np.zeros((len(numbers), vectors.shape[1]), np.float32)  # (p, d)
    np.add.at(sums, index, vectors)
    means: NDArray[np.float32] = _normalised(sums)[index]  # (n, d)
    return means


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    lengths[lengths == 0] = 1
    scaled: Vectors = vectors / lengths
    return scaled
