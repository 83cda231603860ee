"""The commands but upload, as a user sees them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from cli import session
from cli.endpoints import Endpoints
from cli.main import app
from cli.session import Session
from tests.cli.conftest import Run
from tests.cli.service import Document, Service


@pytest.fixture
def document(service: Service) -> Document:
    """A document that has been processed."""
    document = service.documents["a.pdf"] = Document("a.pdf", 123_456)
    document.add("awaiting_upload", 0)
    document.add("embedding", 40)
    document.add("completed", 100, totalPages=3, chunks=7)
    return document


def test_status_by_either_id(document: Document, run: Run) -> None:
    for identity in (document.id, "uploads#me/a.pdf"):
        result = run("status", identity)
        assert result.exit_code == 0
        assert result.stdout == "09:00:00  a.pdf  100 %  completed  3 pages, 7 chunks\n"
    assert json.loads(run("status", document.id, "--json").stdout) == document.states[-1]


def test_history_goes_through_all_pages(document: Document, run: Run) -> None:
    events = json.loads(run("status", document.id, "--history", "--json").stdout)
    assert events == document.states


def test_a_failed_document_fails_status(document: Document, run: Run) -> None:
    document.add("failed", 50, error="The file is damaged.")
    result = run("status", document.id)
    assert result.exit_code == 1
    assert "failed  The file is damaged." in result.stdout


def test_an_unknown_document_is_one_line(service: Service, run: Run) -> None:
    result = run("status", "absent")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: There is no such document.\n")


def test_watch_prints_one_message_a_line_until_all_have_finished(
    service: Service, document: Document, run: Run
) -> None:
    other = service.documents["b.pdf"] = Document("b.pdf", 1)
    other.add("awaiting_upload", 0)
    service.pace = 0.1
    service.process(other)
    result = run("watch", document.id, other.id, "--json")
    assert result.exit_code == 0
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert [m["sequence"] for m in messages if m["documentId"] == document.id] == [3]
    sequences = [m["sequence"] for m in messages if m["documentId"] == other.id]
    assert sequences == list(range(sequences[0], 8))


def test_watch_fails_with_a_failed_document(service: Service, document: Document, run: Run) -> None:
    document.add("failed", 50, error="The file is damaged.")
    assert run("watch", document.id).exit_code == 1


def test_watch_wants_either_documents_or_all(run: Run) -> None:
    assert run("watch", "--all", "some-id").exit_code == 2


def test_query_prints_where_and_marks_the_words(service: Service, run: Run) -> None:
    result = run("query", "when is it closed?", "-k", 3, "-m", "sparse", "-d", "d1", "-d", "d2")
    assert result.exit_code == 0
    assert service.queries == [
        {"query": "when is it closed?", "top_k": 3, "search_mode": "sparse", "document_ids": ["d1", "d2"]}
    ]
    assert "handbook.pdf  pages 9–10  score 0.731" in result.stdout
    assert "4 Harbours › Mirrey" in result.stdout
    assert "The linkspan [at Mirrey] & pier is closed." in result.stdout


def test_query_as_json_is_the_answer_itself(run: Run) -> None:
    assert json.loads(run("query", "words", "--json").stdout)["results"][0]["page"] == 9


def test_a_query_without_hits_says_so(run: Run) -> None:
    result = run("query", "nothing")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Nothing found.")


def test_documents_are_listed_by_page_and_state(service: Service, document: Document, run: Run) -> None:
    service.documents["[b].pdf"] = Document("[b].pdf", 1)
    service.documents["[b].pdf"].add("failed", 0)
    result = run("documents")
    assert re.search(r"a\.pdf +completed +100 % +0\.1 MB +2026-11-21 09:00 +[0-9a-f-]{36}", result.stdout)
    assert "[b].pdf" in result.stdout
    assert "--cursor more" in result.stdout
    listed = json.loads(run("documents", "--status", "failed", "--limit", 1, "--json").stdout)
    assert [each["fileName"] for each in listed["documents"]] == ["[b].pdf"]
    assert service.requests[-1][1] == "/v2/documents?status=failed&limit=1"


def test_delete_asks_and_prints_the_receipt(service: Service, document: Document, run: Run) -> None:
    result = run("delete", document.id, input="n\n")
    assert (result.exit_code, "nothing deleted" in result.stderr) == (1, True)
    assert service.documents
    result = run("delete", document.id, "--yes")
    assert result.exit_code == 0
    assert re.search(r"7  postgres\.hybrid_dense_embeddings", result.stdout)
    assert not service.documents


def test_without_a_log_in_the_exit_code_is_3(service: Service, home: Path, endpoints: Endpoints) -> None:
    (home / "endpoints.json").write_text(json.dumps(service.endpoints()))
    result = CliRunner().invoke(app, ["documents", "--endpoints", "endpoints.json"])
    assert result.exit_code == 3
    assert "amplify-rag login" in result.stderr


def test_a_token_the_service_does_not_take_is_exit_code_3(
    service: Service, logged_in: Path, endpoints: Endpoints, run: Run
) -> None:
    session.save(endpoints, Session("me", "forged", "", 2e9))
    assert run("documents").exit_code == 3


def test_without_a_deployment_the_exit_code_is_4(home: Path) -> None:
    result = CliRunner().invoke(app, ["query", "words"])
    assert result.exit_code == 4
    assert result.stderr.startswith("error: no .local/endpoints.json")
    assert "Traceback" not in result.output


def test_a_broken_service_is_exit_code_5(service: Service, run: Run) -> None:
    service.faults.answers = [(500, {})]
    result = run("documents")
    assert (result.exit_code, result.stderr) == (5, "error: Not now. (request r1)\n")


def test_the_endpoints_file_can_stand_in_the_environment(
    service: Service, logged_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (logged_in / ".local" / "endpoints.json").rename(logged_in / "elsewhere.json")
    monkeypatch.setenv("AMPLIFY_RAG_ENDPOINTS", "elsewhere.json")
    assert CliRunner().invoke(app, ["documents"]).stdout == "No documents.\n"


def commands() -> Iterator[tuple[str, ...]]:
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        yield from ((name, inner) for inner in below) if below else ((name,),)


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_explains_itself_and_has_the_common_options(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "--help" in result.stdout
    usage = result.stdout.split("Usage:")[1]
    assert len(re.findall(r"[a-z]{3,}", usage)) > 20
