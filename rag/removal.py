"""Removing what was stored: a document for good, a version that came to nothing, the rows of old versions."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.database import transaction
from core.jobs import Job
from rag.chunk_ids import version_range

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

LOCK_DOCUMENT = "SELECT pg_advisory_xact_lock(hashtextextended('document:' || %s, 0))"

ADD_OWNERS = """
INSERT INTO owners (principal)
SELECT principal FROM unnest(%(principals)s) AS principal
WHERE NOT EXISTS (SELECT FROM owners WHERE owners.principal = principal.principal)
ON CONFLICT DO NOTHING
"""

BURY = """
INSERT INTO deleted_documents (document_id, owner_id)
SELECT %(document_id)s, owner_id FROM owners WHERE principal = ANY (%(principals)s)
ON CONFLICT DO NOTHING
"""

OWN_VERSIONS = """
SELECT version_key FROM document_versions
WHERE document_id = %(document_id)s AND owner_id = ANY ((SELECT rag_owner_ids())::int[])
"""

DELETE_DOCUMENT = """
DELETE FROM documents WHERE document_id = %(document_id)s AND owner_id = ANY ((SELECT rag_owner_ids())::int[])
"""

#: What belongs to a version, by ranges of chunk ids or by its key
DELETE_ROWS = {
    "hybrid_bm25_index": "DELETE FROM hybrid_bm25_index WHERE chunk_id >= %(first)s AND chunk_id < %(end)s",
    "hybrid_dense_embeddings": "DELETE FROM hybrid_dense_embeddings WHERE chunk_id >= %(first)s AND chunk_id < %(end)s",
    "document_bm25_metadata": "DELETE FROM document_bm25_metadata WHERE version_key = %(version_key)s",
    "document_pages": "DELETE FROM document_pages WHERE version_key = %(version_key)s",
    "document_vdr_pages": "DELETE FROM document_vdr_pages WHERE version_key = %(version_key)s",
    "document_parts": "DELETE FROM document_parts WHERE version_key = %(version_key)s",
    "document_versions": "DELETE FROM document_versions WHERE version_key = %(version_key)s",
}


def delete_document(database: "connection", principals: Sequence[str], document_id: str) -> dict[str, int]:
    """Remove a document for good; the number of rows removed from each table.

    Leaves a tombstone, so that a worker that is still busy with it, or starts later, stores nothing. May be repeated.
    """
    who = {"document_id": document_id, "principals": list(principals)}
    with transaction(database, principals) as cursor:
        cursor.execute(LOCK_DOCUMENT, (document_id,))
        cursor.execute(ADD_OWNERS, who)
        cursor.execute(BURY, who)
        cursor.execute(OWN_VERSIONS, who)
        removed = remove_versions(cursor, [key for (key,) in cursor.fetchall()])
        cursor.execute(DELETE_DOCUMENT, who)
        return removed | {"documents": cursor.rowcount}


def discard_version(database: "connection", job: Job) -> dict[str, int]:
    """Remove what a cancelled or failed version has stored so far; the number of rows removed from each table.

    A version that searches see already is left alone.
    """
    with transaction(database, [job.owner]) as cursor:
        cursor.execute(LOCK_DOCUMENT, (job.document_id,))
        cursor.execute(
            "SELECT version_key FROM document_versions"
            " WHERE document_id = %s AND generation = %s AND state = 'running'",
            (job.document_id, job.generation),
        )
        return remove_versions(cursor, [key for (key,) in cursor.fetchall()])


def remove_rows(database: "connection", owner: str, version_key: int) -> dict[str, int]:
    """Remove the rows of an owner that name a version which does not exist; the number of rows from each table."""
    with transaction(database, [owner]) as cursor:
        cursor.execute("SELECT FROM document_versions WHERE version_key = %s", (version_key,))
        return remove_versions(cursor, [] if cursor.rowcount else [version_key])


def is_shown(database: "connection", job: Job) -> bool:
    """Whether searches see the job's version."""
    with transaction(database, [job.owner]) as cursor:
        cursor.execute(
            "SELECT FROM documents WHERE document_id = %s AND current_generation = %s",
            (job.document_id, job.generation),
        )
        return cursor.rowcount > 0


def remove_versions(cursor: "cursor", version_keys: Sequence[int]) -> dict[str, int]:
    """Remove the rows of versions; the caller holds the document's lock."""
    removed = Counter(dict.fromkeys(DELETE_ROWS, 0))
    for version_key in version_keys:
        first, end = version_range(version_key)
        for table, statement in DELETE_ROWS.items():
            cursor.execute(statement, {"first": first, "end": end, "version_key": version_key})
            removed[table] += cursor.rowcount
    return dict(removed)
