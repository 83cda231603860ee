"""Fusion: one score for each chunk from what the two arms say of it. Pure.

An arm's scores are put on a scale from its floor (what a chunk scores that has nothing to do with the query) to a
ceiling. The caller's weights apply to scores as shares of the best one found, or to reciprocal ranks.

Without weights the ceiling is what a perfect chunk would score, so that each arm counts by how good its evidence is:
BM25 little when no chunk holds most of the query's words (by IDF), the vectors little when nothing is much closer to
the query than an arbitrary chunk. Only one thing an arm cannot know of itself: a model finds something "close" in a
language that it never learnt, too. So the vectors' weight follows the share of candidates in languages it knows.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from rag.retrieve import Arm

#: Weight of the dense arm for text in languages that its model knows, and in others. Rounded, not fitted: nDCG@10 of
#: collections in English changes by less than 0.01 from 0.5 to 0.65, in Spanish and Chinese from 0.05 to 0.3. More
#: finds more pages for questions in other words than the document's, and less for words that are in it literally.
KNOWN_LANGUAGE_WEIGHT = 0.6
UNKNOWN_LANGUAGE_WEIGHT = 0.2
#: A sum of IDFs is a log-odds: half of the words are less than half of the evidence. From 1 to 2 hardly matters where
#: the arms are equally good; above 1 loses less to the better one where they are not.
WORDS_EXPONENT = 1.5
#: Weight of a page's picture beside its text. Each side is on a scale of its own evidence, so neither is given more;
#: from 0.3 to 0.7 the page recall of slide decks and manuals changes by one question or none.
PICTURE_WEIGHT = 0.5
RRF_K = 60  #: Cormack, Clarke and Büttcher, SIGIR 2009

Ranked = TypeVar("Ranked", bound=Hashable)


def adaptive(dense: Arm, sparse: Arm, known_share: float) -> dict[int, float]:
    """Scores from 0 to 1 by the evidence of each arm; ``known_share`` of the candidates the model can read."""
    dense_weight = model_weight(KNOWN_LANGUAGE_WEIGHT, known_share)
    found = scaled(sparse, max([sparse.ceiling, *sparse.scores.values()]))
    words = {chunk: share**WORDS_EXPONENT for chunk, share in found.items()}
    return _sum(scaled(dense, dense.ceiling), words, dense_weight, 1 - dense_weight)


def model_weight(known_language_weight: float, known_share: float) -> float:
    """The weight of a model's word, for text of which it knows a share of the languages."""
    return UNKNOWN_LANGUAGE_WEIGHT + known_share * (known_language_weight - UNKNOWN_LANGUAGE_WEIGHT)


def weighted(dense: Arm, sparse: Arm, dense_weight: float, sparse_weight: float) -> dict[int, float]:
    """Scores by given weights of each arm's scores, as shares of the best that it found."""
    similarities = scaled(dense, max(dense.scores.values(), default=0.0))
    words = scaled(sparse, max(sparse.scores.values(), default=0.0))
    return _sum(similarities, words, dense_weight, sparse_weight)


def reciprocal_rank(
    dense: Sequence[int], sparse: Sequence[int], dense_weight: float = 1.0, sparse_weight: float = 1.0
) -> dict[int, float]:
    """Scores by the places in the two rankings alone."""
    return _sum(reciprocal_ranks(dense), reciprocal_ranks(sparse), dense_weight, sparse_weight)


def reciprocal_ranks(ranking: Sequence[Ranked]) -> dict[Ranked, float]:
    """What each place in a ranking is worth."""
    return {chunk: 1 / (RRF_K + rank) for rank, chunk in enumerate(ranking, start=1)}


def scaled(arm: Arm, ceiling: float) -> dict[int, float]:
    """An arm's scores on a scale from its floor (0) to the ceiling (1)."""
    return {chunk: scaled_score(score, arm.floor, ceiling) for chunk, score in arm.scores.items()}


def scaled_score(score: float, floor: float, ceiling: float) -> float:
    """A score on a scale from the floor (0) to the ceiling (1)."""
    span = ceiling - floor
    if span <= 0:  # nothing rises above the floor, as with one chunk alone
        return 1.0
    return min(1.0, max(0.0, (score - floor) / span))


def _sum(
    dense: Mapping[int, float], sparse: Mapping[int, float], dense_weight: float, sparse_weight: float
) -> dict[int, float]:
    return {
        chunk: dense_weight * dense.get(chunk, 0.0) + sparse_weight * sparse.get(chunk, 0.0)
        for chunk in dense.keys() | sparse.keys()
    }
