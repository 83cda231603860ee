"""The stored state: which documents and versions PostgreSQL has, of all owners, read by a role that sees no content."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.database import transaction
from core.database_retry import connected
from core.versions import CARRIED_OVER, PIPELINE_OF_VERSION
from operations.drift import StoredDocument, StoredVersion
from operations.needed_objects import NeededObjects

if TYPE_CHECKING:
    from psycopg2.extensions import connection

#: The rows of a version that there may be too few of, and when there are. Nothing counts pages and postings, so of them
#: only parts that have none at all are noticed; a text without any word that is indexed has none rightly, nor has a
#: version of an earlier release any pages.
TOO_FEW = {
    "parts": """
        (SELECT count(*) FROM document_parts AS part
         WHERE part.version_key = version.version_key AND part.part < version.parts) < version.parts
        OR EXISTS (
            SELECT FROM document_parts AS giver
            CROSS JOIN LATERAL jsonb_array_elements(giver.handed_over) AS other (part)
            WHERE giver.version_key = version.version_key AND NOT EXISTS (
                SELECT FROM document_parts AS part
                WHERE part.version_key = version.version_key AND part.part = other.part::int
            )
        )
    """,
    "chunks": """
        (SELECT coalesce(sum(chunks), 0) FROM document_parts AS part WHERE part.version_key = version.version_key)
        > (SELECT count(*) FROM hybrid_dense_embeddings
           WHERE chunk_id >= version.version_key::bigint << 32 AND chunk_id < version.version_key::bigint + 1 << 32)
    """,
    "lengths": """
        EXISTS (
            SELECT FROM document_parts AS part LEFT JOIN document_bm25_metadata AS lengths USING (version_key, part)
            WHERE part.version_key = version.version_key AND lengths.part IS NULL
        )
    """,
    "postings": """
        EXISTS (
            SELECT FROM document_bm25_metadata AS lengths
            WHERE lengths.version_key = version.version_key AND lengths.total_tokens > 0 AND NOT EXISTS (
                SELECT FROM hybrid_bm25_index
                WHERE chunk_id >= (lengths.version_key::bigint << 32) + (lengths.part::bigint << 20)
                  AND chunk_id < (lengths.version_key::bigint << 32) + (lengths.part::bigint + 1 << 20)
            )
        )
    """,
    "pages": """
        version.version ~ %(form)s AND EXISTS (
            SELECT FROM document_parts AS part
            WHERE part.version_key = version.version_key AND part.chunks > 0 AND NOT EXISTS (
                SELECT FROM document_pages AS page
                WHERE page.version_key = part.version_key AND page.part = part.part
            )
        )
    """,
}
LACKS = ", ".join(f"CASE WHEN {is_lacking} THEN '{name}' END" for name, is_lacking in TOO_FEW.items())

DOCUMENTS = f"""
SELECT document.document_id::text, owner.principal, document.current_generation, document.updated_at,
       version.version_key, version.generation, version.state = 'running', version.started_at,
       (SELECT min(part) FROM document_parts WHERE version_key = version.version_key),
       CASE WHEN version.generation = document.current_generation THEN array_remove(ARRAY[{LACKS}], NULL) END
FROM documents AS document
JOIN owners AS owner USING (owner_id)
LEFT JOIN document_versions AS version USING (document_id)
WHERE document.document_id = ANY (%(ids)s::uuid[])
ORDER BY document.document_id, version.generation
"""  # noqa: S608  made of the constants above

FOLLOWING = "SELECT document_id::text FROM documents WHERE document_id > %(after)s ORDER BY document_id LIMIT %(limit)s"

#: The parts and the pages of current versions that have objects of their own; a text that was carried over has none
NEEDED = """
SELECT document.document_id::text, version.generation,
       ARRAY(SELECT part FROM document_parts WHERE version_key = version.version_key ORDER BY part),
       ARRAY(
           SELECT page_num FROM document_vdr_pages
           WHERE version_key = version.version_key AND image_width > 0 ORDER BY page_num
       )
FROM documents AS document
JOIN document_versions AS version
    ON version.document_id = document.document_id AND version.generation = document.current_generation
WHERE document.document_id = ANY (%(ids)s::uuid[]) AND version.state <> 'running'
  AND version.version ~ %(form)s AND NOT starts_with(version.version, %(carried_over)s)
ORDER BY document.document_id
"""

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
#: The versions that have rows in a table, jumping from one to the next, whether each exists, whose the rows are, and
#: whether that owner has a document whose current version is gone: nothing says any more which rows were its
KEYS = """
WITH RECURSIVE present (key) AS (
    SELECT ({first})
    UNION ALL
    SELECT ({following}) FROM present WHERE key IS NOT NULL
)
SELECT key, is_there, (SELECT principal FROM owners WHERE owner_id = owner), NOT is_there AND EXISTS (
    SELECT FROM documents AS document
    WHERE document.owner_id = owner AND document.current_generation IS NOT NULL AND NOT EXISTS (
        SELECT FROM document_versions AS version
        WHERE version.document_id = document.document_id AND version.generation = document.current_generation
    )
)
FROM (
    SELECT key, EXISTS (SELECT FROM document_versions WHERE version_key = key) AS is_there, ({owner}) AS owner
    FROM present WHERE key IS NOT NULL LIMIT %(limit)s
) AS found
"""
#: Tables whose rows no foreign key ties to their version
UNTIED = tuple(NEXT_KEY)


@dataclass(frozen=True)
class RowsOfVersion:
    """A version that has rows in a table."""

    version_key: int
    exists: bool
    owner: str
    may_be_current: bool  #: it does not exist, and may be the one that searches of a document are to see


class StoredState:
    """Reads of all owners what there is; every method raises DatabaseUnavailableError in an outage."""

    def __init__(self, database: Callable[[], "connection"]) -> None:
        self._database = database

    def documents(self, ids: Sequence[str]) -> dict[str, StoredDocument]:
        """Those of the documents that are stored, by id; what is no id of a document is not stored."""
        known = [each for each in ids if is_document_id(each)]
        rows = self._rows(DOCUMENTS, {"ids": known, "form": PIPELINE_OF_VERSION}) if known else []
        return {key: _document(list(group)) for key, group in groupby(rows, key=lambda row: str(row[0]))}

    def following(self, after: str | None, limit: int) -> list[str]:
        """The ids of stored documents in their order, after one of them."""
        return [key for (key,) in self._rows(FOLLOWING, {"after": after or FIRST_ID, "limit": limit})]

    def needed(self, ids: Sequence[str]) -> list[NeededObjects]:
        """The derived objects that the current versions of these documents need, as far as they are stored."""
        values = {"ids": list(ids), "form": PIPELINE_OF_VERSION, "carried_over": CARRIED_OVER}
        return [
            NeededObjects(document_id=document_id, generation=generation, parts=parts, pages=pages)
            for document_id, generation, parts, pages in self._rows(NEEDED, values)
        ]

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
        StoredVersion(
            version_key=number,
            generation=generation,
            running=running,
            started_at=started_at,
            part=part,
            lacks=lacks or (),
        )
        for number, generation, running, started_at, part, lacks in (row[4:] for row in rows)
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
