"""Legacy rows: the documents of the legacy table, and their passages in order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psycopg2 import sql

from operations.legacy_table import LegacyTable

if TYPE_CHECKING:
    from psycopg2.extensions import connection

#: Under which JSON names a page's number
PAGE_KEYS = ("page", "page_number", "pageNumber", "page_num", "slide", "slide_number", "slideNumber")
LARGEST_PAGE = 100_000

LISTING = """
SELECT {document}::text, coalesce({owner}::text, ''), count(*)
FROM {table} WHERE {document} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""
UNNAMED = "SELECT count(*) FROM {table} WHERE {document} IS NULL"
PASSAGES = """
SELECT {document}::text, coalesce({owner}::text, ''), {content}, {page}, {vector}::real[], {file_name}
FROM {table} WHERE {document}::text = ANY (%s) ORDER BY {order}, {content}
"""


@dataclass(frozen=True)
class LegacyDocument:
    """A document as the legacy table knows it."""

    name: str
    owner: str  #: whatever the table calls its owner; empty: nothing
    rows: int


@dataclass(frozen=True)
class Passage:
    """A row with text."""

    content: str
    page: int  #: from 1
    vector: NDArray[np.float32] | None  # (d,)


@dataclass(frozen=True)
class Content:
    """What the table holds of one document."""

    file_name: str  #: empty: the table has none
    passages: Sequence[Passage]

    @property
    def size(self) -> int:
        """Bytes of the text."""
        return sum(len(passage.content.encode()) for passage in self.passages)

    @property
    def pages(self) -> int:
        """Number of the last page."""
        return max((passage.page for passage in self.passages), default=1)

    def vectors(self, dimensions: int) -> NDArray[np.float32] | None:
        """The passages' vectors (n, dimensions), L2-normalised; None unless all have one of this width."""
        found = [passage.vector for passage in self.passages if passage.vector is not None]
        if not found or len(found) < len(self.passages) or any(len(vector) != dimensions for vector in found):
            return None
        vectors = np.stack(found)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
        return vectors / lengths if lengths.all() else None


def documents(database: "connection", table: LegacyTable) -> list[LegacyDocument]:
    """All documents, by name; one that rows of several owners name is one for each."""
    with database, database.cursor() as cursor:
        cursor.execute(_statement(LISTING, table))
        return [LegacyDocument(*row) for row in cursor.fetchall()]


def unnamed(database: "connection", table: LegacyTable) -> int:
    """Rows that belong to no document."""
    with database, database.cursor() as cursor:
        cursor.execute(_statement(UNNAMED, table))
        return int((cursor.fetchone() or (0,))[0])


def contents(
    database: "connection", table: LegacyTable, wanted: Sequence[LegacyDocument]
) -> dict[LegacyDocument, Content]:
    """What the table holds of these documents; rows without text are left out."""
    names: dict[tuple[str, str], str] = {}
    passages: dict[tuple[str, str], list[Passage]] = defaultdict(list)
    with database, database.cursor() as cursor:
        cursor.execute(_statement(PASSAGES, table), ([document.name for document in wanted],))
        for name, owner, content, page, vector, file_name in cursor:
            names.setdefault((name, owner), file_name or "")
            if content and content.strip():
                packed = None if vector is None else np.array(vector, np.float32)
                passages[name, owner].append(Passage(content, page_of(page), packed))
    return {each: Content(names.get(key, ""), passages[key]) for each in wanted if (key := (each.name, each.owner))}


def batches(found: Sequence[LegacyDocument], size: int) -> Iterator[Sequence[LegacyDocument]]:
    """The documents, so many at a time."""
    for first in range(0, len(found), size):
        yield found[first : first + size]


def page_of(place: Any) -> int:
    """The page that a column says a passage is on: a number, or one within JSON; 1 when it says none."""
    if isinstance(place, list):
        return page_of(place[0]) if place else 1
    if isinstance(place, dict):
        return page_of(next((place[key] for key in PAGE_KEYS if key in place), None))
    text = str(place).strip()
    return min(max(int(text), 1), LARGEST_PAGE) if text.isdecimal() else 1


def _statement(text: str, table: LegacyTable) -> sql.Composed:
    roles = ("document", "content", "order", "owner", "page", "vector", "file_name")
    return sql.SQL(text).format(table=table.identifier, **{role: table.column(role) for role in roles})
