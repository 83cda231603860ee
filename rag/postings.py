"""Postings: how often each term occurs in each chunk of a part. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.terms import term_hash, terms


@dataclass(frozen=True)
class Postings:
    """The postings of a part, by ascending term and then chunk, and the lengths that BM25 needs."""

    terms: NDArray[np.int64]  # (postings,) hashes
    chunks: NDArray[np.int64]  # (postings,) index of the chunk in the part
    tf: NDArray[np.int32]  # (postings,) occurrences of the term in the chunk
    dl: NDArray[np.int32]  # (postings,) length of the chunk in terms
    total_chunks: int
    total_tokens: int
    unique_terms: int


def postings_of(texts: Sequence[str], languages: Sequence[str]) -> Postings:
    """The postings of a part's chunks, given the text and the language of each."""
    hashes: dict[str, int] = {}
    found: list[tuple[int, int, int, int]] = []
    total_tokens = 0
    for index, (text, language) in enumerate(zip(texts, languages, strict=True)):
        words = terms(text, language)
        total_tokens += len(words)
        for word, occurrences in Counter(words).items():
            if word not in hashes:
                hashes[word] = term_hash(word)
            found.append((hashes[word], index, occurrences, len(words)))
    table = np.array(found, np.int64).reshape(-1, 4)  # (postings, 4)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]  # by term: neighbours in the index are written together
    return Postings(
        terms=table[:, 0],
        chunks=table[:, 1],
        tf=table[:, 2].astype(np.int32),
        dl=table[:, 3].astype(np.int32),
        total_chunks=len(texts),
        total_tokens=total_tokens,
        unique_terms=len(hashes),
    )
