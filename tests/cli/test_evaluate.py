import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.databases import TestDatabase

CORPUS = {
    "ferry": "The ferry to the island leaves at seven in the morning.",
    "bees": "Bees travel closed, at dusk, on the open deck.",
    "battery": "The battery holds 480 kilowatt hours and is charged at the pier.",
}
QUERIES = {"q1": "when does the ferry leave", "q2": "how large is the battery"}
ANSWERS = {"q1": "ferry", "q2": "battery"}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A collection of three documents, two queries and their judgements."""
    folder = tmp_path / "collection"
    folder.mkdir()
    corpus = (json.dumps({"_id": name, "title": "", "text": text}) for name, text in CORPUS.items())
    (folder / "corpus.jsonl").write_text("\n".join(corpus))
    (folder / "queries.jsonl").write_text("\n".join(json.dumps({"_id": q, "text": t}) for q, t in QUERIES.items()))
    judged = "".join(f"{query}\t{document}\t1\n" for query, document in ANSWERS.items())
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


@pytest.fixture
def local_stack(home: Path, database: TestDatabase) -> Path:
    """The files by which the local stack's database is found, naming this test's database."""
    folder = home / ".local"
    folder.mkdir()
    names = {"api": "http://a", "websocket": "ws://a", "userPoolId": "r_p", "clientId": "c"}
    where = f"{database.server.endpoint}/{database.name}"
    (folder / "endpoints.json").write_text(json.dumps(names | {"database": where}))
    passwords = {"superuser": "", "application": database.password()}
    (folder / "passwords.json").write_text(json.dumps(passwords))
    return folder


def test_a_collection_is_measured_in_the_local_stack_and_leaves_nothing_there(
    collection: Path, local_stack: Path, database: TestDatabase
) -> None:
    result = CliRunner().invoke(app, ["eval", "retrieval", str(collection), "--json"])
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    assert list(scores) == ["hybrid", "dense", "sparse"]
    assert scores["sparse"] == {"ndcg@10": 1.0, "recall@100": 1.0}
    with database.connect_as_superuser() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM documents")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_scores_are_a_table_of_the_modes_asked_for(collection: Path, local_stack: Path) -> None:
    result = CliRunner().invoke(app, ["eval", "retrieval", str(collection), "-m", "sparse"])
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [["mode", "ndcg@10", "recall@100"], ["sparse", "1.0000", "1.0000"]]


def test_malformed_data_is_named_by_file_and_line(collection: Path, local_stack: Path) -> None:
    (collection / "corpus.jsonl").write_text('{"_id": "a", "text": "x"}\n{broken\n')
    result = CliRunner().invoke(app, ["eval", "retrieval", str(collection)])
    assert result.exit_code == 1
    assert "corpus.jsonl:2" in result.stderr
    assert "Traceback" not in result.output


def test_without_a_database_the_exit_code_is_4(collection: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAG_POSTGRES_DB_WRITE_ENDPOINT", raising=False)
    result = CliRunner().invoke(app, ["eval", "retrieval", str(collection)])
    assert (result.exit_code, "make up" in result.stderr) == (4, True)
    monkeypatch.setenv("RAG_POSTGRES_DB_WRITE_ENDPOINT", "127.0.0.1:1")
    result = CliRunner().invoke(app, ["eval", "retrieval", str(collection)])
    assert (result.exit_code, "127.0.0.1:1 cannot be reached" in result.stderr) == (4, True)
