"""Retrieval by place: which pages chunks are on, which chunks a page has, and pages without any."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from rag.chunk_ids import part_range
from rag.retrieve import Corpus, Passage

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

Place = tuple[int, int]  #: version_key and page

#: The chunks of given pages, each found within the rows of the page's part. A page on which no chunk mostly is, as of
#: a line or two that went with the next page, gets those that touch it.
CHUNKS_OF_PAGES = """
SELECT wanted.version_key, wanted.page, chunk_id
FROM unnest(%(version_keys)s::int[], %(pages)s::int[], %(first)s::bigint[], %(ends)s::bigint[])
     AS wanted (version_key, page, first_id, end_id)
CROSS JOIN LATERAL (
    SELECT chunk_id, chunk.page = wanted.page AS mainly,
           bool_or(chunk.page = wanted.page) OVER () AS any_mainly
    FROM hybrid_dense_embeddings AS chunk
    WHERE chunk_id >= wanted.first_id AND chunk_id < wanted.end_id AND owner_id = ANY (%(owners)s)
      AND wanted.page BETWEEN first_page AND last_page
) AS chunk
WHERE mainly OR NOT any_mainly
ORDER BY wanted.version_key, wanted.page, chunk_id
"""

PLACES = """
SELECT chunk_id, version_key, page FROM hybrid_dense_embeddings
WHERE chunk_id = ANY (%(ids)s::bigint[]) AND owner_id = ANY (%(owners)s)
"""

BLANK_PAGES = """
SELECT version_key, document_id::text, file_name, pages
FROM document_versions JOIN documents USING (document_id, owner_id)
WHERE version_key = ANY (%(version_keys)s::int[]) AND owner_id = ANY (%(owners)s)
"""


def chunks_of_pages(cursor: "cursor", searched: Corpus, pages: Mapping[Place, int]) -> dict[Place, list[int]]:
    """The chunks of each page, in their order, given its part of the version; pages without text are left out."""
    if not pages:
        return {}
    ranges = [part_range(version_key, part) for (version_key, _), part in pages.items()]
    values = {
        "version_keys": [version_key for version_key, _ in pages],
        "pages": [page for _, page in pages],
        "first": [first for first, _ in ranges],
        "ends": [end for _, end in ranges],
        "owners": list(searched.owners),
    }
    cursor.execute(CHUNKS_OF_PAGES, values)
    found: dict[Place, list[int]] = {}
    for version_key, page, chunk in cursor.fetchall():
        found.setdefault((version_key, page), []).append(chunk)
    return found


def places(cursor: "cursor", searched: Corpus, ids: Collection[int]) -> dict[int, Place]:
    """The page that most of each chunk is on."""
    cursor.execute(PLACES, {"ids": list(ids), "owners": list(searched.owners)})
    return {chunk: (version_key, page) for chunk, version_key, page in cursor.fetchall()}


def blank_pages(cursor: "cursor", searched: Corpus, wanted: Collection[Place]) -> dict[Place, Passage]:
    """Pages without text, as passages with nothing in them."""
    if not wanted:
        return {}
    values = {"version_keys": [key for key, _ in wanted], "owners": list(searched.owners)}
    cursor.execute(BLANK_PAGES, values)
    documents = {key: (document_id, name, pages) for key, document_id, name, pages in cursor.fetchall()}
    return {
        (key, page): Passage(*documents[key], page, page, page, headings=(), content="", language="")
        for key, page in wanted
        if key in documents
    }
