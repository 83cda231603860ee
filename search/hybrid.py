"""Search: a question to the passages that answer it, by either arm of retrieval or by both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from core.database import transaction
from core.settings import Settings
from rag import retrieve
from rag.embed import TextEmbedder
from rag.retrieve import Arm, Corpus, Passage
from search import fusion

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

MIN_CANDIDATES = 50  #: chunks that each arm brings, at least; more did not change a figure
CANDIDATES_A_HIT = 3  #: chunks of each arm for each hit, as several may be on one page


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and how to search for it."""

    text: str
    mode: Literal["hybrid", "dense", "sparse"] = "hybrid"
    limit: int = 10
    document_ids: Sequence[str] | None = None  #: None: all documents of the caller
    dense_weight: float | None = None
    sparse_weight: float | None = None
    use_rrf: bool = False

    def weights(self) -> tuple[float, float] | None:
        """Weights of the dense and the sparse arm when the caller gives any; one alone gives the other."""
        dense, sparse = self.dense_weight, self.sparse_weight
        if dense is None:
            return None if sparse is None else (1 - sparse, sparse)
        return dense, 1 - dense if sparse is None else sparse


@dataclass(frozen=True)
class Hit:
    """A passage that was found, and how well each arm thinks of it; None where an arm was not asked or has no word."""

    chunk_id: int
    passage: Passage
    score: float
    dense_score: float | None
    sparse_score: float | None


def search(
    database: "connection", principals: Sequence[str], question: Question, embedder: TextEmbedder, settings: Settings
) -> list[Hit]:
    """The caller's passages that answer a question, the best first, and of each page of a paged document the best one.

    Best on a read-only connection, whose transactions see one snapshot.
    """
    vector = None if question.mode == "sparse" else embedder.embed_query(question.text)  # (d,)
    with transaction(database, principals) as cursor:
        searched = retrieve.corpus(cursor, principals, question.document_ids, embedder.space)
        dense, sparse, scores = _score(cursor, searched, question, vector, settings)
        best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[: CANDIDATES_A_HIT * question.limit]
        passages = retrieve.passages(cursor, searched, best)
    shown = _one_a_page(best, passages)[: question.limit]
    return [
        Hit(chunk, passages[chunk], scores[chunk], dense.scores.get(chunk), sparse.scores.get(chunk)) for chunk in shown
    ]


def _one_a_page(ranking: Sequence[int], passages: Mapping[int, Passage]) -> list[int]:
    """The ranking without passages on a page that a better one is on: more pages say more than more of one page.

    A document without pages (a long web page, say) may be hit many times.
    """
    best: dict[object, int] = {}
    for chunk in ranking:
        passage = passages[chunk]
        place = (passage.document_id, passage.page) if passage.document_pages > 1 else chunk
        best.setdefault(place, chunk)
    return list(best.values())


def _score(
    cursor: "cursor", searched: Corpus, question: Question, vector: NDArray[np.float32] | None, settings: Settings
) -> tuple[Arm, Arm, Mapping[int, float]]:
    """Both arms, and the scores to order hits by."""
    candidates = max(MIN_CANDIDATES, CANDIDATES_A_HIT * question.limit)
    if vector is None:
        sparse = retrieve.sparse(cursor, searched, question.text, candidates)
        return Arm(), sparse, sparse.scores
    exact = settings.exact_scan_limit
    if question.mode == "dense":
        dense = retrieve.dense(cursor, searched, vector, candidates, exact_scan_limit=exact)
        return dense, Arm(), dense.scores
    dense = retrieve.dense(cursor, searched, vector, candidates, exact_scan_limit=exact)
    sparse = retrieve.sparse(cursor, searched, question.text, candidates, also=dense.ranking)
    dense, languages = _complete(cursor, searched, vector, dense, sparse)
    return dense, sparse, _fuse(dense, sparse, question, known_share(languages, known_languages(settings)))


def _complete(
    cursor: "cursor", searched: Corpus, vector: NDArray[np.float32], dense: Arm, sparse: Arm
) -> tuple[Arm, list[str]]:
    """The dense arm with the similarities of what only the sparse arm found, and the languages of all candidates."""
    candidates = retrieve.compare(cursor, searched, vector, list(dense.scores.keys() | sparse.scores.keys()))
    scores = {chunk: similarity for chunk, (_, similarity) in candidates.items() if similarity is not None}
    return replace(dense, scores=scores), [language for language, _ in candidates.values()]


def _fuse(dense: Arm, sparse: Arm, question: Question, known: float) -> Mapping[int, float]:
    weights = question.weights()
    if question.use_rrf:
        return fusion.reciprocal_rank(dense.ranking, sparse.ranking, *(weights or (1.0, 1.0)))
    return fusion.weighted(dense, sparse, *weights) if weights else fusion.adaptive(dense, sparse, known)


def known_share(languages: Sequence[str], known: Collection[str] | None) -> float:
    """The share of candidates in languages that the model knows; None stands for all languages."""
    if known is None or not languages:
        return 1.0
    return sum(language in known for language in languages) / len(languages)


def known_languages(settings: Settings) -> frozenset[str] | None:
    """The languages that the text model knows: as configured, else English for the packaged model, else all."""
    if settings.text_embedding_languages:
        return frozenset(settings.text_embedding_languages.replace(",", " ").split())
    packaged = not (settings.text_embedding_model or settings.text_embedding_endpoint)
    return frozenset({"en"}) if packaged else None
