"""MaxSim: how well a query's vectors are met by a page's, the query in floats and the page as it is stored.

The score of a page is the sum, over the query's vectors, of the greatest inner product with any of the page's vectors
(Khattab and Zaharia, ColBERT, 2020). Only the page is reduced to bits, not the query.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vdr.multivector import Encoding, Vectors, check_size

Page = tuple[bytes, int]  #: what multivector.encode made, and the number of vectors in it
BLOCK_VECTORS = 2048  #: unpacked at a time: 1 MiB at 128 dimensions, which stays in a processor's cache
# OpenBLAS shares a product of more multiply-adds among threads, and waiting for them costs more than it saves
# (measured: 10 ms of one thread against 30 to 100 of two on a busy machine). A stack of smaller products runs on one.
ONE_THREAD = 2**18


def maxsim(query: Vectors, pages: Sequence[Page], dimensions: int, encoding: Encoding) -> NDArray[np.float32]:
    """The scores (pages,) of pages for the query (q, d); of bits, a page's vector is its signs by 1/√d: unit length.

    Raises ValueError for a query of another width and for data that are not the vectors they are said to be.
    """
    if query.ndim != 2 or query.shape[1] != dimensions:
        raise ValueError(f"a query of shape {query.shape} has no {dimensions} dimensions")
    for data, number in pages:
        check_size(data, number, dimensions, encoding)
    best = np.empty((len(pages), len(query)), dtype=np.float32)  # (pages, q)
    columns = _columns(query, encoding)  # (w, q)
    buffer = np.zeros((_rows(pages), len(columns)), dtype=np.float32)  # (rows, w)
    done = 0
    for block in _blocks(pages):
        best[done : done + len(block)] = _best(columns, block, buffer, encoding)
        done += len(block)
    if encoding == "bits":  # the buffer holds 0 and 1 for -1 and 1: q·(2b - 1) = 2 q·b - Σq
        best = (2 * best - query.sum(axis=1)) / np.float32(np.sqrt(dimensions))  # (pages, q)
    scores: NDArray[np.float32] = best.sum(axis=1)  # (pages,)
    return scores


def _columns(query: Vectors, encoding: Encoding) -> Vectors:
    """The query turned (w, q), w being the dimensions and for bits the unused ones of the last byte."""
    unused = -query.shape[1] % 8 if encoding == "bits" else 0
    return np.ascontiguousarray(np.pad(query, ((0, 0), (0, unused))).T, dtype=np.float32)


def _rows(pages: Sequence[Page]) -> int:
    """Vectors of the largest block, and room to round them up to whole stacks."""
    return max((sum(number for _, number in block) for block in _blocks(pages)), default=0) + BLOCK_VECTORS


def _blocks(pages: Sequence[Page]) -> Iterator[Sequence[Page]]:
    """Neighbouring pages that have some 2,048 vectors together, or one page that has more alone."""
    start, vectors = 0, 0
    for index, (_, number) in enumerate(pages):
        if index > start and vectors + number > BLOCK_VECTORS:
            yield pages[start:index]
            start, vectors = index, 0
        vectors += number
    if start < len(pages):
        yield pages[start:]


def _best(columns: Vectors, block: Sequence[Page], buffer: Vectors, encoding: Encoding) -> Vectors:
    """The greatest products (pages of the block, q) of each page."""
    width, queries = columns.shape
    starts = np.cumsum([0, *(number for _, number in block)])  # (pages + 1,)
    total = int(starts[-1])
    _unpack(b"".join(data for data, _ in block), buffer[:total], encoding)
    rows = max(1, min(BLOCK_VECTORS, ONE_THREAD // (width * queries)))
    stacks = -(-total // rows)
    stack = buffer[: stacks * rows].reshape(stacks, rows, width)
    products = np.matmul(stack, columns).reshape(stacks * rows, queries)[:total]  # (n, q)
    best: Vectors = np.maximum.reduceat(products, starts[:-1], axis=0)  # (pages, q)
    return best


def _unpack(data: bytes, rows: Vectors, encoding: Encoding) -> None:
    """Writes the vectors into ``rows`` (n, w): bits as 0 and 1."""
    if encoding == "bits":
        np.copyto(rows, np.unpackbits(np.frombuffer(data, dtype=np.uint8)).reshape(rows.shape))
    else:
        np.copyto(rows, np.frombuffer(data, dtype="<f2").reshape(rows.shape))
