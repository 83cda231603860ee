"""The stored state: which documents and versions PostgreSQL has, of all owners, read by a role that sees no content."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.database import transaction
from core.database_retry import connected
from core.versions import PIPELINE_OF_VERSION
from operations.drift import StoredDocument, StoredVersion

if TYPE_CHECKING:
    from psycopg2.extensions import connection

DOCUMENTS = """
SELECT document.document_id::text, owner.principal, document.current_generation, document.updated_at,
       version.version_key, version.generation, version.state = 'running', version.started_at,
       (SELECT min(part) FROM document_parts WHERE version_key = version.version_key)
FROM documents AS document
JOIN owners AS owner USING (owner_id)
LEFT JOIN document_versions AS version USING (document_id)
WHERE document.document_id = ANY (%(ids)s::uuid[])
ORDER BY document.document_id, version.generation
"""

FOLLOWING = "SELECT document_id::text FROM documents WHERE document_id > %(after)s ORDER BY document_id LIMIT %(limit)s"

#: Who made what searches see; nobody known for versions of earlier releases
PIPELINES = """
SELECT coalesce(substring(version FROM %(form)s), ''), count(*)
FROM document_versions WHERE state = 'current' GROUP BY 1
"""

MADE_BY_OTHERS = """
SELECT document_id::text FROM document_versions
WHERE state = 'current' AND document_id > %(after)s AND substring(version FROM %(form)s) IS DISTINCT FROM %(pipeline)s
ORDER BY document_id LIMIT %(limit)s
"""

FIRST_ID = "00000000-0000-0000-0000-000000000000"

#: The first key of a version in the table that is not below a number
NEXT_KEY = {
    "hybrid_dense_embeddings": "SELECT chunk_id >> 32 FROM hybrid_dense_embeddings"
    " WHERE chunk_id >= ({least})::bigint << 32 ORDER BY chunk_id LIMIT 1",
    "hybrid_bm25_index": "SELECT chunk_id >> 32 FROM hybrid_bm25_index"
    " WHERE chunk_id >= ({least})::bigint << 32 ORDER BY chunk_id LIMIT 1",
    "document_bm25_metadata": "SELECT version_key::bigint FROM document_bm25_metadata"
    " WHERE version_key >= ({least}) ORDER BY version_key LIMIT 1",
}
OWNER_OF_KEY = {
    "hybrid_dense_embeddings": "SELECT owner_id FROM hybrid_dense_embeddings"
    " WHERE chunk_id >= key << 32 ORDER BY chunk_id LIMIT 1",
    "hybrid_bm25_index": "SELECT owner_id FROM hybrid_bm25_index WHERE chunk_id >= key << 32 ORDER BY chunk_id LIMIT 1",
    "document_bm25_metadata": "SELECT owner_id FROM document_bm25_metadata WHERE version_key = key LIMIT 1",
}
#: The versions that have rows in a table, jumping from one to the next, whether each exists and whose the rows are
KEYS = """
WITH RECURSIVE present (key) AS (
    SELECT ({first})
    UNION ALL
    SELECT ({following}) FROM present WHERE key IS NOT NULL
)
SELECT key, EXISTS (SELECT FROM document_versions WHERE version_key = key),
       (SELECT principal FROM owners WHERE owner_id = ({owner}))
FROM present WHERE key IS NOT NULL LIMIT %(limit)s
"""
#: Tables whose rows no foreign key ties to their version
UNTIED = tuple(NEXT_KEY)


@dataclass(frozen=True)
class RowsOfVersion:
    """A version that has rows in a table."""

    version_key: int
    exists: bool
    owner: str


class StoredState:
    """Reads of all owners what there is; every method raises DatabaseUnavailableError in an outage."""

    def __init__(self, database: Callable[[], "connection"]) -> None:
        self._database = database

    def documents(self, ids: Sequence[str]) -> dict[str, StoredDocument]:
        """Those of the documents that are stored, by id; what is no id of a document is not stored."""
        known = [each for each in ids if is_document_id(each)]
        rows = self._rows(DOCUMENTS, {"ids": known}) if known else []
        return {key: _document(list(group)) for key, group in groupby(rows, key=lambda row: str(row[0]))}

    def following(self, after: str | None, limit: int) -> list[str]:
        """The ids of stored documents in their order, after one of them."""
        return [key for (key,) in self._rows(FOLLOWING, {"after": after or FIRST_ID, "limit": limit})]

    def versions_in(self, table: str, after: int, limit: int) -> list[RowsOfVersion]:
        """The versions after a key that have rows in a table, in order."""
        statement = KEYS.format(
            first=NEXT_KEY[table].format(least="%(least)s"),
            following=NEXT_KEY[table].format(least="present.key + 1"),
            owner=OWNER_OF_KEY[table],
        )
        return [RowsOfVersion(*row) for row in self._rows(statement, {"least": after + 1, "limit": limit})]

    def pipelines(self) -> dict[str, int]:
        """How many current versions each pipeline has made, by its digest; the empty one: an earlier release."""
        return dict(self._rows(PIPELINES, {"form": PIPELINE_OF_VERSION}))

    def made_by_others(self, pipeline: str, after: str | None, limit: int) -> list[str]:
        """The ids of documents whose current version another pipeline has made, in their order, after one of them."""
        values = {"form": PIPELINE_OF_VERSION, "pipeline": pipeline, "after": after or FIRST_ID, "limit": limit}
        return [key for (key,) in self._rows(MADE_BY_OTHERS, values)]

    def _rows(self, statement: str, values: dict[str, Any]) -> list[Any]:
        def read(database: "connection") -> list[Any]:
            with transaction(database, ()) as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()

        return connected(self._database, read)


def _document(rows: Sequence[Any]) -> StoredDocument:
    document_id, owner, current, updated_at = rows[0][:4]
    versions = [
        StoredVersion(version_key=number, generation=generation, running=running, started_at=started_at, part=part)
        for number, generation, running, started_at, part in (row[4:] for row in rows)
        if number is not None
    ]
    return StoredDocument(
        document_id=document_id,
        owner=owner,
        current_generation=current,
        updated_at=updated_at,
        versions=versions,
    )


def is_document_id(text: str) -> bool:
    """Whether a document could be called so."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
