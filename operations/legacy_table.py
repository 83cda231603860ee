"""The legacy table: which of its columns hold what, found by their names and types, or as the operator says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql

from core.errors import RagError

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

#: What is looked for → the names under which it is known, the likeliest first
NAMES: Mapping[str, Sequence[str]] = {
    "document": ("src", "key", "s3_key", "object_key", "file_key", "document_key", "document_id", "doc_id", "source"),
    "content": ("content", "chunk_text", "text", "page_content", "chunk", "document", "body"),
    "order": ("char_index", "chunk_index", "chunk_number", "ordinal", "position", "embedding_index", "id"),
    "owner": ("owner_email", "owner", "owner_id", "user_email", "user_id", "principal"),
    "file_name": ("file_name", "filename", "title"),
    "page": ("page", "page_number", "page_num", "locations", "metadata", "cmetadata"),
    "vector": ("vector_embedding", "embedding", "vector"),
}
TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
VECTORS = frozenset({"vector", "halfvec", "_float4", "_float8"})
#: What is looked for → types that it can have; any type for the others
TYPES: Mapping[str, frozenset[str]] = {
    "content": TEXTS,
    "file_name": TEXTS,
    "page": frozenset({"int2", "int4", "int8", "json", "jsonb"}),
    "vector": VECTORS,
}
REQUIRED = ("document", "content", "order")
#: What is done without a column
WITHOUT = {
    "owner": "the first segment of the document's name",
    "file_name": "the last segment of the document's name",
    "page": "all text is on page 1",
    "vector": "all text is embedded anew",
}

COLUMNS = """
SELECT table_schema, table_name, column_name, udt_name FROM information_schema.columns
JOIN pg_class ON pg_class.oid = to_regclass(%s) AND relname = table_name
     AND relnamespace::regnamespace::text = quote_ident(table_schema)
ORDER BY ordinal_position
"""


class LegacyTableError(RagError):
    """The table is not there, cannot be read, or lacks a column; the message says which option names it."""


@dataclass(frozen=True, kw_only=True)
class LegacyTable:
    """A table with a row for each passage of a document; empty: it has no such column."""

    schema: str
    name: str
    document: str  #: what a document is called, mostly its key in S3
    content: str
    order: str  #: by which a document's passages are sorted
    owner: str = ""
    file_name: str = ""
    page: str = ""  #: a number, or JSON that holds one
    vector: str = ""

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def column(self, role: str, otherwise: str = "NULL") -> sql.Composable:
        """The column for a role, or an expression where there is none."""
        name = getattr(self, role)
        return sql.Identifier(name) if name else sql.SQL(otherwise)

    def described(self) -> list[str]:
        """A line for each role: the column, or what is done without."""
        return [f"{role}: {getattr(self, role) or f'not found; {WITHOUT[role]}'}" for role in NAMES]


def find(cursor: "cursor", table: str, chosen: Mapping[str, str]) -> LegacyTable:
    """The table of that name (``schema.name``, or ``name`` on the search path) with its columns.

    ``chosen`` are columns that the operator names, by role. Raises LegacyTableError.
    """
    cursor.execute(COLUMNS, (table,))
    rows = cursor.fetchall()
    if not rows:
        raise LegacyTableError(f"there is no table {table}, or this role may not read it")
    (schema, name), types = rows[0][:2], {column: kind for *_, column, kind in rows}
    found = {role: _column(role, types, chosen.get(role, "")) for role in NAMES}
    missing = [f"{role} (--{role.replace('_', '-')}-column)" for role in REQUIRED if not found[role]]
    if missing:
        raise LegacyTableError(f"{table} has the columns {', '.join(types)}: which is {', '.join(missing)}?")
    return LegacyTable(schema=schema, name=name, **found)


def _column(role: str, types: Mapping[str, str], chosen: str) -> str:
    """The column for a role; empty when there is none."""
    allowed = TYPES.get(role, frozenset(types.values()))
    if chosen and types.get(chosen) not in allowed:
        reason = f"is of type {types[chosen]}" if chosen in types else "does not exist"
        raise LegacyTableError(f"column {chosen} cannot be {role}: it {reason}")
    return chosen or next((name for name in NAMES[role] if types.get(name) in allowed), "")
