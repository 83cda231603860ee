"""A throw-away owner: what an evaluation stores is nobody else's, and goes when the evaluation ends."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.database import transaction
from core.jobs import Job

if TYPE_CHECKING:
    from psycopg2.extensions import connection

#: In one statement a table: deleting thousands of documents one by one would take longer than storing them. There is
#: no tombstone to leave, as no queue holds jobs of these documents.
REMOVE = (
    "DELETE FROM hybrid_bm25_index USING document_versions AS version"
    " WHERE chunk_id >= version_key::bigint << 32 AND chunk_id < (version_key + 1)::bigint << 32"
    " AND version.owner_id = ANY (%(owners)s) AND hybrid_bm25_index.owner_id = version.owner_id",
    "DELETE FROM hybrid_dense_embeddings WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_bm25_metadata WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_parts WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM document_versions WHERE owner_id = ANY (%(owners)s)",
    "DELETE FROM documents WHERE owner_id = ANY (%(owners)s)",
)


@contextmanager
def throwaway_owner(database: "connection") -> Iterator[str]:
    """A principal of its own; all its rows are removed at the end, also after an error or Ctrl-C."""
    owner = f"user:evaluation-{uuid.uuid4()}"
    try:
        yield owner
    finally:
        database.rollback()
        remove(database, owner)


def remove(database: "connection", owner: str) -> None:
    """Remove every document of an owner."""
    with transaction(database, [owner]) as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT owner_id FROM owners WHERE principal = %s", (owner,))
        owners = [owner_id for (owner_id,) in cursor.fetchall()]
        for statement in REMOVE:
            cursor.execute(statement, {"owners": owners})


def part_job(
    owner: str,
    file_name: str,
    media_type: str,
    *,
    document_id: str,
    size_bytes: int = 0,
    part: int = 0,
    pages: list[tuple[int, int]] | None = None,
) -> Job:
    """The job of one part, as the entry would send it; ``pages`` are the first and last page of every part."""
    pages = pages or [(1, 1)]
    first_page, last_page = pages[part]
    return Job(
        document_id=document_id,
        bucket="evaluation",
        key=f"{owner}/{file_name}",
        etag="",
        owner=owner,
        file_name=file_name,
        media_type=media_type,
        size_bytes=size_bytes,
        version="evaluation",
        generation=1,
        part=part,
        parts=len(pages),
        first_page=first_page,
        last_page=last_page,
        total_pages=pages[-1][1],
    )
