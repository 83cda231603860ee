"""Pages: how often each search mode finds a page that answers the question."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings
from evaluation import questions
from evaluation.ingest import store_file
from evaluation.measures import found_by
from evaluation.run import Progress, Run, silent, throwaway_run
from search import hybrid
from search.query_embedding import page_query
from search.question import Mode

if TYPE_CHECKING:
    from psycopg2.extensions import connection

MODES: tuple[Mode, ...] = ("hybrid_vdr_text", "hybrid", "dense", "sparse", "vdr")
DEPTHS = (1, 5, 10)


def run(
    directory: Path,
    database: "connection",
    settings: Settings,
    *,
    files: Collection[str] = (),
    modes: Sequence[Mode] = MODES,
    progress: Progress = silent,
) -> dict[str, dict[str, float]]:
    """Page recall@1, 5 and 10 by mode, for the questions in a folder (see ``questions.read``), or for some files.

    Each page takes the route that its content calls for; visual ones are found as pictures too.
    All files are searched together, as documents of a throw-away owner. A question counts as answered when one of its
    pages is the page that one of the best hits shows. Raises MalformedDataError for data that cannot be read, before
    anything is stored, and DocumentError for a file that cannot be read.
    """
    asked = questions.read(directory, files)
    with throwaway_run(database, settings, progress) as current:
        names = sorted({question.file for question in asked})
        stored = {store_file(current, directory / "pdf" / name).document_id: name for name in names}
        return {mode: _recall(current, asked, mode, stored) for mode in modes}


def _recall(
    current: Run, asked: Sequence[questions.PageQuestion], mode: Mode, names: Mapping[str, str]
) -> dict[str, float]:
    answered = dict.fromkeys(DEPTHS, 0)
    for done, question in enumerate(asked, start=1):
        wanted = hybrid.Question(text=question.text, mode=mode, limit=max(DEPTHS))
        hits = _search(current, wanted)
        pages = [_pages(hit, question, names) for hit in hits]
        for depth in DEPTHS:
            answered[depth] += found_by(pages, question.pages, depth)
        current.progress(f"{mode} questions", done, len(asked))
    return {f"page_recall@{depth}": count / len(asked) for depth, count in answered.items()}


def _search(current: Run, wanted: hybrid.Question) -> list[hybrid.Hit]:
    owners = [current.owner]
    seen = page_query(current.database, owners, wanted, current.settings)
    return hybrid.search(current.database, owners, wanted, current.embedder, current.settings, page_query=seen)


def _pages(hit: hybrid.Hit, question: questions.PageQuestion, names: Mapping[str, str]) -> tuple[int, ...]:
    """The page that a hit shows; none when it is in another file than the question is about."""
    return (hit.passage.page,) if names[hit.passage.document_id] == question.file else ()
