"""The columns of a legacy table are found by name and type, and what is missing is said."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg2.extensions import connection

from operations import legacy_table
from operations.legacy_rows import LARGEST_PAGE, page_of
from operations.legacy_table import LegacyTable, LegacyTableError
from tests.databases import TestDatabase


@pytest.fixture
def admin(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect_as_superuser()) as opened:
        yield opened


def find(admin: connection, columns: str, table: str = "embeddings", **chosen: str) -> LegacyTable:
    with admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} ({columns})")
        return legacy_table.find(cursor, table, chosen)


def test_a_vector_store_of_a_known_library(admin: connection) -> None:
    found = find(admin, "id text, source text, document text, embedding vector(3), cmetadata jsonb")
    assert (found.document, found.content, found.order) == ("source", "document", "id")
    assert (found.vector, found.page, found.owner) == ("embedding", "cmetadata", "")
    assert "owner: not found; the first segment of the document's name" in found.described()


def test_types_count_as_well_as_names(admin: connection) -> None:
    found = find(admin, "id int, document_id uuid, content jsonb, text text, embedding bytea, page text")
    assert (found.content, found.vector, found.page) == ("text", "", "")


def test_the_operator_knows_better(admin: connection) -> None:
    found = find(admin, "a text, b text, content text, id int", document="a", content="b")
    assert (found.document, found.content, found.order) == ("a", "b", "id")


def test_what_is_missing_is_asked_for_by_its_option(admin: connection) -> None:
    with pytest.raises(LegacyTableError, match=r"columns number, body: which is document \(--document-column\), order"):
        find(admin, "number int, body text")


def test_a_wrong_choice_is_refused(admin: connection) -> None:
    with pytest.raises(LegacyTableError, match="column number cannot be content: it is of type int4"):
        find(admin, "src text, number int", content="number")
    with pytest.raises(LegacyTableError, match="column nowhere cannot be owner: it does not exist"):
        find(admin, "src text, content text, id int", owner="nowhere")


def test_a_table_in_another_schema(admin: connection) -> None:
    with admin, admin.cursor() as cursor:
        cursor.execute("CREATE SCHEMA old")
    found = find(admin, "src text, content text, id int", table="old.embeddings")
    assert (found.schema, found.name) == ("old", "embeddings")
    with admin, admin.cursor() as cursor, pytest.raises(LegacyTableError, match="there is no table elsewhere"):
        legacy_table.find(cursor, "elsewhere", {})


@pytest.mark.parametrize(
    ("place", "page"),
    [
        (3, 3),
        (0, 1),
        (None, 1),
        ("7", 7),
        ([{"page_number": 4}, {"page_number": 5}], 4),
        ({"slide": "12"}, 12),
        ({"source": "x"}, 1),
        ([], 1),
        (True, 1),
        (10**12, LARGEST_PAGE),
    ],
)
def test_pages(place: object, page: int) -> None:
    assert page_of(place) == page
