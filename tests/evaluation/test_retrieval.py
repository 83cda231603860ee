"""The evaluation of retrieval, through the real chunker, model, store and search on a real database."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2 import sql
from psycopg2.extensions import connection

from evaluation import retrieval
from evaluation.lines import MalformedDataError
from evaluation.run import REMOVE
from tests.databases import TestDatabase

CORPUS = {
    "ferry": ("Ferry timetable", "In summer the ferry leaves the island every two hours, the last one at nine."),
    "lamp": ("Lamp", "Change the lamp of the lighthouse once a year and note it in the log."),
    "boats": ("", "Life boats are checked on Mondays. Their engines are started once a month."),
    "long": ("A long one", "Rope is kept dry. " * 300),  # several chunks, one document
    "blank": ("", " \n"),
}
QUERIES = {"q1": "When does the last ferry leave the island?", "q2": "lighthouse lamp", "q3": "keeping rope dry"}
ANSWERS = {"q1": "ferry", "q2": "lamp", "q3": "long"}


@pytest.fixture
def writer(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect()) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = [{"_id": key, "title": title, "text": text} for key, (title, text) in CORPUS.items()]
    queries = [{"_id": key, "text": text} for key, text in QUERIES.items()]
    for name, values in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        (tmp_path / name).write_text("".join(json.dumps(value) + "\n" for value in values))
    (tmp_path / "qrels.tsv").write_text("".join(f"{query}\t{answer}\t1\n" for query, answer in ANSWERS.items()))
    return tmp_path


def left_rows(database: TestDatabase) -> dict[str, int]:
    """Rows in the tables with text, for all owners."""
    tables = ("documents", "document_versions", "document_parts", "document_bm25_metadata")
    with closing(database.connect_as_superuser()) as admin, admin.cursor() as cursor:
        counts = {}
        for table in (*tables, "hybrid_bm25_index", "hybrid_dense_embeddings", "deleted_documents"):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            counts[table] = (cursor.fetchone() or (0,))[0]
        return counts


def test_each_mode_finds_the_answers_and_nothing_stays(
    folder: Path, database: TestDatabase, writer: connection
) -> None:
    steps: list[tuple[str, int, int]] = []
    values = retrieval.run(folder, writer, database.settings(), progress=lambda *step: steps.append(step))
    assert list(values) == ["hybrid", "dense", "sparse"]
    for mode, measures in values.items():
        assert measures == pytest.approx({"ndcg@10": 1, "recall@100": 1}), mode
    assert ("documents", 5, 5) in steps and steps[-1] == ("sparse queries", 3, 3)
    assert not any(left_rows(database).values())


def test_only_some_modes(folder: Path, database: TestDatabase, writer: connection) -> None:
    assert list(retrieval.run(folder, writer, database.settings(), modes=["sparse"])) == ["sparse"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_stays_after_an_error(
    folder: Path, database: TestDatabase, writer: connection, error: type[BaseException]
) -> None:
    def break_off(what: str, done: int, total: int) -> None:
        if what != "documents":
            assert left_rows(database)["hybrid_dense_embeddings"] > 4
            raise error

    with pytest.raises(error):
        retrieval.run(folder, writer, database.settings(), progress=break_off)
    assert not any(left_rows(database).values())


def test_malformed_data_is_refused_before_anything_is_stored(
    folder: Path, database: TestDatabase, writer: connection
) -> None:
    (folder / "qrels.tsv").write_text("q1 ferry\n")
    with pytest.raises(MalformedDataError, match=r"qrels\.tsv:1"):
        retrieval.run(folder, writer, database.settings(), progress=lambda *_: pytest.fail("something was stored"))


def test_every_table_with_an_owner_is_emptied(database: TestDatabase) -> None:
    with closing(database.connect_as_superuser()) as admin, admin.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'owner_id' AND table_schema = 'public'"
        )
        owned = {name for (name,) in cursor.fetchall()} - {"owners", "deleted_documents"}
    assert owned == {statement.split()[2] for statement in REMOVE}
