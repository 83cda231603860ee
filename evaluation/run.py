"""A run: what an evaluation works with, under an owner of its own whose rows go when it ends."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.database import transaction
from core.settings import Settings
from rag.chunk_ids import version_range
from rag.embed import TextEmbedder, text_embedder

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Progress = Callable[[str, int, int], None]  #: what is being done, how many are done, of how many

#: In one statement a table: deleting thousands of documents one by one would take longer than storing them. There is
#: no tombstone to leave, as no queue holds jobs of these documents. A run's versions are numbered nearly in a row, so
#: the range of their chunk ids finds the rows of the two big tables.
REMOVE = (
    "DELETE FROM hybrid_bm25_index WHERE owner_id = ANY (%(owners)s) AND chunk_id >= %(first)s AND chunk_id < %(end)s",
    "DELETE FROM hybrid_dense_embeddings"
    " WHERE owner_id = ANY (%(owners)s) AND chunk_id >= %(first)s AND chunk_id < %(end)s",
    "DELETE FROM document_bm25_metadata WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_pages WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_vdr_pages WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_parts WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_versions WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM documents WHERE owner_id = ANY (%(owners)s)",
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One evaluation's database, model and owner."""

    database: "connection"  #: as the application's role
    settings: Settings
    embedder: TextEmbedder
    owner: str  #: principal that owns all that is stored, and nothing else
    progress: Progress


@contextmanager
def throwaway_run(database: "connection", settings: Settings, progress: Progress) -> Iterator[Run]:
    """A run with a new owner; all its rows are removed at the end, also after an error or Ctrl-C."""
    owner = f"user:evaluation-{uuid.uuid4()}"
    embedder = text_embedder(settings)
    with database, database.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # nothing here must survive a power cut
    try:
        yield Run(database=database, settings=settings, embedder=embedder, owner=owner, progress=progress)
    finally:
        database.rollback()
        remove(database, owner)


def remove(database: "connection", owner: str) -> None:
    """Remove every document of an owner."""
    with transaction(database, [owner]) as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT owner_id FROM owners WHERE principal = %s", (owner,))
        owners = [owner_id for (owner_id,) in cursor.fetchall()]
        cursor.execute(
            "SELECT coalesce(min(version_key), 0), coalesce(max(version_key), 0)"
            " FROM document_versions WHERE owner_id = ANY (%s)",
            (owners,),
        )
        oldest, newest = cursor.fetchone() or (0, 0)
        values = {"owners": owners, "first": version_range(oldest)[0], "end": version_range(newest)[1]}
        for statement in REMOVE:
            cursor.execute(statement, values)


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody wants to see."""
