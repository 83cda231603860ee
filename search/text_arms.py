"""The text arms of a search: BM25 over words, nearest neighbours over vectors, or both in one score."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.settings import Settings
from rag import retrieve
from rag.retrieve import Arm, Corpus
from search import fusion
from search.question import Question

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

MIN_CANDIDATES = 50  #: chunks that each arm brings, at least; more did not change a figure
CANDIDATES_A_HIT = 3  #: chunks of each arm for each hit, as several may be on one page


@dataclass(frozen=True)
class TextEvidence:
    """What the arms say of chunks."""

    dense: Arm = field(default_factory=Arm)
    sparse: Arm = field(default_factory=Arm)
    scores: Mapping[int, float] = field(default_factory=dict)  #: to order chunks by
    known_share: float = 1.0  #: of the candidates, in languages that the text model knows


class TextArms:
    """The arms, for one question to one corpus."""

    def __init__(
        self,
        cursor: "cursor",
        searched: Corpus,
        question: Question,
        vector: NDArray[np.float32] | None,  # (d,); None in mode sparse
        settings: Settings,
    ) -> None:
        self._cursor, self._searched, self._question, self._settings = cursor, searched, question, settings
        self._vector = vector
        self._candidates = max(MIN_CANDIDATES, CANDIDATES_A_HIT * question.limit)

    def ask(self, also: Sequence[int] = ()) -> TextEvidence:
        """What the arms of the question's mode say of their candidates; in hybrid modes of the chunks ``also``, too."""
        if self._vector is None:
            sparse = self._sparse()
            return TextEvidence(sparse=sparse, scores=sparse.scores)
        dense = retrieve.dense(
            self._cursor,
            self._searched,
            self._vector,
            self._candidates,
            exact_scan_limit=self._settings.exact_scan_limit,
        )
        if self._question.mode == "dense":
            return TextEvidence(dense=dense, scores=dense.scores)
        sparse = self._sparse([*dense.ranking, *also])
        compared = self._compare(self._vector, {*dense.scores, *sparse.scores, *also})
        dense = replace(
            dense, scores={chunk: likeness for chunk, (_, likeness) in compared.items() if likeness is not None}
        )
        known = known_share([language for language, _ in compared.values()], known_languages(self._settings))
        return TextEvidence(dense, sparse, self._fuse(dense, sparse, known), known)

    def of_pages(self, chunks: Collection[int]) -> TextEvidence:
        """Which of the chunks of pages that are found otherwise fit best: their scores alone, as no arm was asked."""
        if self._vector is None or not chunks:
            return TextEvidence()
        compared = self._compare(self._vector, chunks)
        return TextEvidence(scores={chunk: likeness or 0.0 for chunk, (_, likeness) in compared.items()})

    def _sparse(self, also: Sequence[int] = ()) -> Arm:
        return retrieve.sparse(self._cursor, self._searched, self._question.text, self._candidates, also=also)

    def _compare(self, vector: NDArray[np.float32], chunks: Collection[int]) -> dict[int, tuple[str, float | None]]:
        return retrieve.compare(self._cursor, self._searched, vector, list(chunks))

    def _fuse(self, dense: Arm, sparse: Arm, known: float) -> Mapping[int, float]:
        weights = self._question.weights()
        if self._question.use_rrf:
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
