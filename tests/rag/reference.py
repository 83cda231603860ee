"""What retrieval must equal: rank_bm25 with Lucene's IDF, and cosine similarity in numpy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from rag.terms import terms

K1, B = 1.5, 0.75


class LuceneBM25(BM25Okapi):  # type: ignore[misc]
    """The original floors negative IDFs; Lucene's has none."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        for word, frequency in nd.items():
            self.idf[word] = np.log(1 + (self.corpus_size - frequency + 0.5) / (frequency + 0.5))


def bm25_scores(texts: Sequence[str], query: str, language: str = "en") -> NDArray[np.float64]:
    """The score (texts,) of each text."""
    index = LuceneBM25([terms(text, language) for text in texts], k1=K1, b=B)
    return np.asarray(index.get_scores(sorted(set(terms(query, language)))))


def cosines(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """The similarity (n,) of each vector (n, d) as stored, in 16 bits, to a query vector (d,) in 16 bits."""
    stored, asked = vectors.astype(np.float16).astype(np.float64), query.astype(np.float16).astype(np.float64)
    return np.asarray(stored @ asked / np.linalg.norm(stored, axis=1) / np.linalg.norm(asked))
