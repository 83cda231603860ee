"""Measures of a ranking."""

from collections.abc import Collection, Mapping, Sequence

import ir_measures
from ir_measures import R, nDCG

from evaluation.collection import Judgements

Rankings = Mapping[str, Sequence[str]]  #: query id -> document ids, the best first

MEASURES = {"ndcg@10": nDCG @ 10, "recall@100": R @ 100}


def measure(judgements: Judgements, rankings: Rankings) -> dict[str, float]:
    """nDCG@10 and recall@100, averaged over the judged queries; a query without a ranking counts as zero."""
    run = {
        # Scores that fall with the rank: ties would be broken by document id.
        query: {document: float(-rank) for rank, document in enumerate(documents)}
        for query, documents in rankings.items()
    }
    values = ir_measures.calc_aggregate(list(MEASURES.values()), judgements, run)
    return {name: float(values[measure]) for name, measure in MEASURES.items()}


def found_by(hits: Sequence[Collection[int]], answers: Collection[int], depth: int) -> bool:
    """Whether one of the answering pages is among the pages of the best ``depth`` hits."""
    return any(page in pages for pages in hits[:depth] for page in answers)
