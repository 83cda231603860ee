"""Retrieval: how well each search mode ranks the documents of a judged collection."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings
from evaluation import collection
from evaluation.ingest import store_entries
from evaluation.measures import measure
from evaluation.run import Progress, Run, silent, throwaway_run
from search import hybrid
from search.question import Mode

if TYPE_CHECKING:
    from psycopg2.extensions import connection

MODES: tuple[Mode, ...] = ("hybrid", "dense", "sparse")  #: those that texts without pages can be found by
DEPTH = 100  #: documents in a ranking, as deep as the deepest measure looks
CHUNKS = 3 * DEPTH  #: asked for, as several may be of one document


def run(
    directory: Path,
    database: "connection",
    settings: Settings,
    *,
    modes: Sequence[Mode] = MODES,
    progress: Progress = silent,
) -> dict[str, dict[str, float]]:
    """nDCG@10 and recall@100 by mode, for the collection in a folder (see ``collection.read``).

    Each corpus entry is a document of a throw-away owner; it skips the queues and is gone afterwards.
    Raises MalformedDataError for data that cannot be read, before anything is stored.
    """
    judged = collection.read(directory)
    with throwaway_run(database, settings, progress) as current:
        ids = store_entries(current, judged.entries)
        return {mode: measure(judged.judgements, _rankings(current, judged.queries, mode, ids)) for mode in modes}


def _rankings(
    current: Run, queries: Sequence[collection.Query], mode: Mode, ids: Mapping[str, str]
) -> dict[str, list[str]]:
    rankings = {}
    for done, query in enumerate(queries, start=1):
        question = hybrid.Question(text=query.text, mode=mode, limit=CHUNKS)
        hits = hybrid.search(current.database, [current.owner], question, current.embedder, current.settings)
        documents = dict.fromkeys(ids[hit.passage.document_id] for hit in hits)  # each where its best chunk stands
        rankings[query.id] = list(documents)[:DEPTH]
        current.progress(f"{mode} queries", done, len(queries))
    return rankings
