"""What the database knows of a document: its versions, and what searches see of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from api.models import DocumentVersion, Notice, PageCounts, PageGap
from core.database import transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

VERSIONS = """
SELECT generation, version, state, pages, parts + handed_over, finished_parts, chunks, tokens, coalesce(gaps, '[]'),
       languages, text_pages, visual_pages, coalesce(pictures, '{}'), coalesce(notices, '[]'), started_at, finished_at
FROM document_versions
CROSS JOIN LATERAL (
    SELECT count(*) AS finished_parts, coalesce(sum(chunks), 0) AS chunks, coalesce(sum(tokens), 0) AS tokens,
           coalesce(sum(jsonb_array_length(document_parts.handed_over)), 0)::int AS handed_over
    FROM document_parts WHERE version_key = document_versions.version_key
) AS finished
CROSS JOIN LATERAL (
    SELECT jsonb_agg(gap ORDER BY (gap ->> 'page')::int) AS gaps
    FROM document_parts CROSS JOIN LATERAL jsonb_array_elements(document_parts.gaps) AS gap
    WHERE version_key = document_versions.version_key
) AS unread
CROSS JOIN LATERAL (
    SELECT array(
        SELECT DISTINCT language FROM document_bm25_metadata CROSS JOIN LATERAL unnest(languages) AS language
        WHERE version_key = document_versions.version_key ORDER BY language
    ) AS languages
) AS stemmed
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE route = 'text') AS text_pages,
           count(*) FILTER (WHERE route = 'visual') AS visual_pages
    FROM document_pages WHERE version_key = document_versions.version_key
) AS routed
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(kind, number) AS pictures
    FROM (
        SELECT kind, sum(number::int) AS number
        FROM document_parts CROSS JOIN LATERAL jsonb_each_text(document_parts.pictures) AS counted (kind, number)
        WHERE version_key = document_versions.version_key GROUP BY kind
    ) AS kinds
) AS looked_at
CROSS JOIN LATERAL (
    SELECT jsonb_agg(DISTINCT notice) AS notices
    FROM document_parts CROSS JOIN LATERAL jsonb_array_elements(document_parts.notices) AS notice
    WHERE version_key = document_versions.version_key
) AS left_out
WHERE document_id = %(document_id)s AND owner_id = ANY ((SELECT rag_owner_ids())::int[])
ORDER BY generation DESC
"""


def versions(connection: "Connection", principals: Sequence[str], document_id: str) -> list[DocumentVersion]:
    """The document's versions, the latest first; none while no worker has shown up or for a stranger."""
    with transaction(connection, principals) as cursor:
        cursor.execute(VERSIONS, {"document_id": document_id})
        return [_version(row) for row in cursor.fetchall()]


def current(known: Sequence[DocumentVersion]) -> DocumentVersion | None:
    """The version that searches see."""
    return next((version for version in known if version.state == "current"), None)


def _version(row: tuple[Any, ...]) -> DocumentVersion:
    generation, version, state, pages, parts, finished, chunks, tokens, gaps, languages, *more = row
    text_pages, visual_pages, pictures, notices, started_at, finished_at = more
    return DocumentVersion(
        generation=generation,
        version=version,
        state=state,
        pages=pages,
        parts=parts,
        finished_parts=finished,
        chunks=chunks,
        tokens=int(tokens),
        gaps=[PageGap(**gap) for gap in gaps],
        languages=languages,
        routes=PageCounts(text=text_pages, visual=visual_pages),
        pictures=pictures,
        notices=[Notice(**notice) for notice in notices],
        started_at=moment(started_at),
        finished_at=finished_at and moment(finished_at),
    )


def moment(time: datetime) -> str:
    """A time as every answer writes it: ISO 8601 in UTC, milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
