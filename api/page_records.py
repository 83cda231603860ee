"""What the database knows of the pages that searches see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.page_models import ImageSize, Page
from core.database import transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

#: One statement sees one version, whatever a worker finishes meanwhile. A document of which searches see nothing gives
#: no row, pages past the last one a row without a number.
PAGES = """
WITH mine AS MATERIALIZED (
    SELECT (SELECT rag_owner_ids())::int[] AS owner_ids
), version AS MATERIALIZED (
    SELECT version_key, generation, owner_ids,
           greatest(pages, (SELECT max(page_num) FROM document_pages
                            WHERE version_key = document_versions.version_key)) AS pages
    FROM document_versions CROSS JOIN mine
    WHERE document_id = %(document_id)s AND state = 'current' AND owner_id = ANY (owner_ids)
), unread AS (
    SELECT (gap ->> 'page')::int AS page_num, min(gap ->> 'reason') AS reason
    FROM version JOIN document_parts USING (version_key) CROSS JOIN LATERAL jsonb_array_elements(gaps) AS gap
    WHERE document_parts.owner_id = ANY (owner_ids)
    GROUP BY page_num
)
SELECT version.generation, version.pages, number, page.route, page.reason, coalesce(page.characters, 0),
       coalesce(page.source, ''), picture.image_width, picture.image_height, unread.reason
FROM version
LEFT JOIN LATERAL generate_series(%(after)s + 1, least(%(after)s + %(limit)s, version.pages)) AS number ON true
LEFT JOIN document_pages AS page
    ON page.version_key = version.version_key AND page.page_num = number AND page.owner_id = ANY (owner_ids)
LEFT JOIN document_vdr_pages AS picture
    ON picture.version_key = version.version_key AND picture.page_num = number AND picture.owner_id = ANY (owner_ids)
LEFT JOIN unread ON unread.page_num = number
ORDER BY number
"""


@dataclass(frozen=True)
class KnownPages:
    """Some pages of the version that searches see; without a generation when they see none."""

    generation: int | None = None
    total: int = 0
    pages: tuple[Page, ...] = ()


def pages(
    connection: "Connection", principals: Sequence[str], document_id: str, *, after: int, limit: int
) -> KnownPages:
    """Up to ``limit`` pages with numbers above ``after``; none for a stranger."""
    with transaction(connection, principals) as cursor:
        cursor.execute(PAGES, {"document_id": document_id, "after": after, "limit": limit})
        rows = cursor.fetchall()
    if not rows:
        return KnownPages()
    generation, total = rows[0][:2]
    return KnownPages(generation, total, tuple(_page(row[2:]) for row in rows if row[2] is not None))


def _page(row: tuple[Any, ...]) -> Page:
    number, route, reason, characters, source, width, height, gap = row
    return Page(
        page=number,
        route=route,
        reason=reason,
        text_length=characters,
        source=source,
        image=ImageSize(width=width, height=height) if width is not None else None,
        gap=gap,
    )
