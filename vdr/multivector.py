"""The vectors of a page as bytes: sign bits for late interaction, half floats where a page has few vectors."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Encoding = Literal["bits", "float16"]
Vectors = NDArray[np.float32]


def row_bytes(dimensions: int, encoding: Encoding) -> int:
    """Bytes of one vector."""
    return -(-dimensions // 8) if encoding == "bits" else 2 * dimensions


def encode(vectors: Vectors, encoding: Encoding) -> bytes:
    """The vectors (n, d) row by row: the bit of a number above zero is set, most significant first; or half floats."""
    if encoding == "bits":
        return np.packbits(vectors > 0, axis=1).tobytes()
    return vectors.astype("<f2").tobytes()


def decode(data: bytes, number: int, dimensions: int, encoding: Encoding) -> Vectors:
    """The vectors (n, d) of ``encode``; of bits, 1 and -1. Raises ValueError when the data are not so many."""
    check_size(data, number, dimensions, encoding)
    if encoding == "bits":
        packed = np.frombuffer(data, dtype=np.uint8).reshape(number, -1)  # (n, ceil(d / 8))
        return np.unpackbits(packed, axis=1, count=dimensions).astype(np.float32) * 2 - 1
    return np.frombuffer(data, dtype="<f2").reshape(number, dimensions).astype(np.float32)


def check_size(data: bytes, number: int, dimensions: int, encoding: Encoding) -> None:
    """Raises ValueError unless the data are ``number`` vectors, at least one."""
    if number < 1 or len(data) != number * row_bytes(dimensions, encoding):
        raise ValueError(f"{len(data)} bytes are not {number} vectors of {dimensions} dimensions as {encoding}")


def candidate(vectors: Vectors) -> Vectors:
    """The L2-normalised mean (d,) of the vectors (n, d), by which a page is found before MaxSim ranks it.

    Vectors that cancel each other out are stood for by the first of them. Raises ValueError when there are none.
    """
    if not len(vectors):
        raise ValueError("a page without vectors has no mean")
    mean = vectors.mean(axis=0, dtype=np.float64)  # (d,)
    if not np.linalg.norm(mean) > 1e-6:
        mean = vectors[0].astype(np.float64)  # (d,)
    unit: Vectors = (mean / np.linalg.norm(mean)).astype(np.float32)  # (d,)
    return unit
