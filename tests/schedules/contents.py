"""Contents: what is stored of a version, without ids and times, so that two ways to the same end can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Rows = tuple[tuple[Any, ...], ...]

#: What a version is made of: the part and the place of a chunk stand for its id, the name of a space for its number
STATEMENTS = {
    "chunks": """
        SELECT part, ordinal, first_page, last_page, page, start_char, end_char, token_count, dimensions, name,
               language, heading::text, content, embedding::text
        FROM hybrid_dense_embeddings JOIN vector_spaces USING (space_id, dimensions)
        WHERE version_key = %(key)s ORDER BY chunk_id""",
    "postings": """
        SELECT term, (chunk_id & 4294967295), tf, dl FROM hybrid_bm25_index
        WHERE chunk_id >> 32 = %(key)s ORDER BY chunk_id, term""",
    "lengths": """
        SELECT part, total_chunks, total_tokens, avg_chunk_length, total_unique_terms, languages::text
        FROM document_bm25_metadata WHERE version_key = %(key)s ORDER BY part""",
    "parts": """
        SELECT part, first_page, last_page, chunks, tokens, gaps::text, notices::text, pictures::text,
               handed_over::text, name, mean_embedding::text
        FROM document_parts JOIN vector_spaces USING (space_id) WHERE version_key = %(key)s ORDER BY part""",
    "pages": """
        SELECT page_num, part, route, reason, source, characters
        FROM document_pages WHERE version_key = %(key)s ORDER BY page_num""",
    "page vectors": """
        SELECT page_num, part, name, vdr.dimensions, num_vectors, encoding, encode(embedding_vectors, 'hex'),
               embedding::text, image_width, image_height
        FROM document_vdr_pages AS vdr JOIN vector_spaces USING (space_id)
        WHERE version_key = %(key)s ORDER BY page_num""",
}
#: LibreOffice writes the time of the conversion into its PDF
DATED = "pages.pdf"

#: Rows that belong to nothing; each statement counts them
STRAYS = {
    "versions without document": """
        SELECT count(*) FROM document_versions LEFT JOIN documents USING (document_id)
        WHERE documents.document_id IS NULL""",
    "chunks without part": """
        SELECT count(*) FROM hybrid_dense_embeddings LEFT JOIN document_parts USING (version_key, part)
        WHERE document_parts.version_key IS NULL""",
    "postings without chunk": """
        SELECT count(*) FROM hybrid_bm25_index LEFT JOIN hybrid_dense_embeddings USING (chunk_id)
        WHERE hybrid_dense_embeddings.chunk_id IS NULL""",
    "lengths without part": """
        SELECT count(*) FROM document_bm25_metadata LEFT JOIN document_parts USING (version_key, part)
        WHERE document_parts.version_key IS NULL""",
    "pages without part": """
        SELECT count(*) FROM document_pages LEFT JOIN document_parts USING (version_key, part)
        WHERE document_parts.version_key IS NULL""",
    "page vectors without version": """
        SELECT count(*) FROM document_vdr_pages LEFT JOIN document_versions USING (version_key)
        WHERE document_versions.version_key IS NULL""",
    "documents beside their tombstone": "SELECT count(*) FROM documents JOIN deleted_documents USING (document_id)",
    "documents with two current versions": """
        SELECT count(*) FROM (SELECT FROM document_versions WHERE state = 'current'
                              GROUP BY document_id HAVING count(*) > 1) AS twice""",
    "documents that show another generation than the current one": """
        SELECT count(*) FROM documents LEFT JOIN document_versions
            ON document_versions.document_id = documents.document_id AND state = 'current'
        WHERE current_generation IS DISTINCT FROM document_versions.generation""",
}


@dataclass(frozen=True)
class StoredVersion:
    """A version as PostgreSQL has it."""

    document_id: str
    key: int
    generation: int
    version: str
    state: str


def stored_versions(database: "connection") -> list[StoredVersion]:
    """All versions of all documents."""
    with database, database.cursor() as cursor:
        cursor.execute("SELECT document_id::text, version_key, generation, version, state FROM document_versions")
        return [StoredVersion(*row) for row in cursor.fetchall()]


def content_of(database: "connection", version_key: int) -> dict[str, Rows]:
    """The rows of a version, by what they are."""
    found: dict[str, Rows] = {}
    with database, database.cursor() as cursor:
        for what, statement in STATEMENTS.items():
            cursor.execute(statement, {"key": version_key})
            found[what] = tuple(cursor.fetchall())
    return found


def objects_of(client: Any, bucket: str, prefix: str) -> dict[str, str]:
    """The derived objects below a prefix and their entity tags (MD5 of their bytes), by what follows the prefix."""
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            name = item["Key"].removeprefix(prefix)
            found[name] = "dated" if name.endswith(DATED) else item["ETag"]
    return found


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What is not the same in two contents, by name; never their text."""
    return sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))


def strays(database: "connection") -> dict[str, int]:
    """Rows of whichever document that belong to nothing, by kind."""
    counts = {}
    with database, database.cursor() as cursor:
        for what, statement in STRAYS.items():
            cursor.execute(statement)
            row = cursor.fetchone()
            counts[what] = row[0] if row else 0
    return {what: count for what, count in counts.items() if count}
