"""Binary COPY: PostgreSQL reads back what was packed."""

from contextlib import closing
from io import BytesIO

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection

from rag.binary_copy import halfvecs, int16, int32, int64, integers, stream, text, text_array
from tests.databases import TestDatabase


def copied(database: connection, columns: str, data: bytes) -> list[tuple[object, ...]]:
    """The rows of a temporary table after copying data into it."""
    with database, database.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE copied ({columns}) ON COMMIT DROP")
        cursor.copy_expert("COPY copied FROM STDIN (FORMAT binary)", BytesIO(data))
        cursor.execute("SELECT * FROM copied")
        return cursor.fetchall()


def test_integers(database: TestDatabase) -> None:
    wide = np.array([-(2**63), 0, 2**63 - 1])
    narrow = np.array([-1, 7, 2**31 - 1], np.int32)
    with closing(database.connect()) as opened:
        rows = copied(opened, "a bigint, b int", integers({"a": wide, "b": narrow}))
    assert rows == [(-(2**63), -1), (0, 7), (2**63 - 1, 2**31 - 1)]


def test_no_rows(database: TestDatabase) -> None:
    with closing(database.connect()) as opened:
        assert copied(opened, "a bigint", integers({"a": np.array([], np.int64)})) == []
        assert copied(opened, "a bigint", stream([])) == []


def test_mixed_columns(database: TestDatabase) -> None:
    vectors = np.array([[0.5, -2.0, 0.0]], np.float32)  # exact in 16 bits
    row = (
        int16(-3),
        int32(4),
        int64(5),
        text("žluť"),
        text_array(("a", "ü,{}\"'")),
        text_array(()),
        *halfvecs(vectors),
    )
    with closing(database.connect()) as opened:
        rows = copied(opened, "a smallint, b int, c bigint, d text, e text[], f text[], g halfvec", stream([row]))
    assert rows[0][:6] == (-3, 4, 5, "žluť", ["a", "ü,{}\"'"], [])
    assert rows[0][6].to_list() == [0.5, -2.0, 0.0]  # type: ignore[attr-defined]


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_any_text_becomes_utf8_without_nul_and_keeps_its_length(value: str) -> None:
    stored = text(value).decode("utf-8")
    assert "\0" not in stored
    assert len(stored) == len(value)  # offsets of what follows hold
