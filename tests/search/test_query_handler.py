"""The query handler: recorded events in, answers and refusals out, over a real database and the real model."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from psycopg2.extensions import connection

from core import aws
from core.settings import Settings, settings
from rag import store
from rag.embed import text_embedder
from search import query_handler
from tests.databases import TestDatabase
from tests.rag.indexing import chunks, job
from tests.vdr.stored_pages import put_pictures, put_text
from vdr.embed import PageInput, page_embedder

EVENT = json.loads(Path(__file__).parents[1].joinpath("events", "http_query.json").read_text())
SUBJECT = EVENT["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]
HANDBOOK = (
    "Parental leave lasts twelve weeks and is fully paid.",
    "The office closes at six in the evening.",
    "Expenses are refunded within ten days of the report.",
)
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def environment(database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The handler's environment variables, naming this test's database."""
    named = database.settings()
    monkeypatch.setenv("RAG_POSTGRES_DB_WRITE_ENDPOINT", named.rag_postgres_db_write_endpoint)
    monkeypatch.setenv("RAG_POSTGRES_DB_NAME", named.rag_postgres_db_name)
    monkeypatch.setenv("RAG_POSTGRES_DB_SSLMODE", "disable")
    monkeypatch.setenv("PGPASSWORD", database.password())  # libpq's own; the secret's place is tested with the stack
    monkeypatch.setenv("QUERIES_A_MINUTE", "0")  # they are counted in tests/handlers/test_limits.py
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings.cache_clear()
    aws.rate_limits.cache_clear()
    aws._connections.clear()
    yield
    for opened in aws._connections.values():
        opened.close()
    aws._connections.clear()
    aws.rate_limits.cache_clear()
    settings.cache_clear()


@pytest.fixture
def ask(environment: None) -> Ask:
    """Status and body of the answer to a body, given as fields or as text."""

    def run(text: str | None = None, **fields: Any) -> tuple[int, dict[str, Any]]:
        event = EVENT | {"body": json.dumps(fields) if text is None else text}
        answer = query_handler.query_documents(event, None)
        assert answer["headers"]["content-type"] == "application/json"
        return answer["statusCode"], json.loads(answer["body"])

    return run


def index(opened: connection, owner: str, *texts: str, **fields: Any) -> str:
    """Store a document; returns its id."""
    embedder, done = text_embedder(Settings()), job(owner=owner, file_name="handbook.pdf", **fields)
    rows = chunks(*texts, first_page=4, last_page=5, page=4, headings=("Handbook",))
    store.replace_part(opened, done, rows, embedder([row.text for row in rows]), embedder.space)
    return done.document_id


@pytest.mark.parametrize("mode", ["hybrid", "dense", "sparse"])
def test_the_page_is_found(opened: connection, ask: Ask, mode: str) -> None:
    document_id = index(opened, f"user:{SUBJECT}", *HANDBOOK)
    status, answer = ask(query="How long is parental leave?", search_mode=mode, top_k=2)
    assert status == 200
    assert answer["query"] == "How long is parental leave?"
    assert answer["search_mode"] == mode
    assert answer["total_results"] == len(answer["results"]) == 1  # all passages are on one page: the best is the hit
    assert answer["processing_time_ms"] > 0
    hit = answer["results"][0]
    assert hit.pop("score") > 0
    assert (hit.pop("dense_score") is None) == (mode == "sparse")
    assert (hit.pop("sparse_score") is None) == (mode == "dense")
    assert int(hit.pop("chunk_id")) >= 2**32
    assert hit.pop("vdr_score") is None
    assert hit == {
        "document_id": document_id,
        "file_name": "handbook.pdf",
        "page": 4,
        "pages": [4, 5],
        "headings": ["Handbook"],
        "content": HANDBOOK[0],
        "snippet": "<mark>Parental</mark> <mark>leave</mark> lasts twelve weeks and is fully paid.",
        "pipeline": "text_rag",
        "search_mode": mode,
        "page_image_url": None,
    }


def test_pages_are_found_by_what_they_show(opened: connection, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERIVED_BUCKET", "derived")
    monkeypatch.setenv("PAGE_IMAGE_URL_SECONDS", "60")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    settings.cache_clear()
    aws.blobs.cache_clear()
    aws.client.cache_clear()
    done, embedder = job(owner=f"user:{SUBJECT}", file_name="deck.pdf"), page_embedder(Settings())
    (vectors,) = embedder([PageInput(3, None, "Parental leave")])
    key = put_pictures(opened, done, {3: vectors}, space=embedder.space, image_size=(1600, 900))
    put_text(opened, done, {})
    assert ask(query="parental leave")[1]["results"] == []  # the page has no text
    for mode in ("vdr", "hybrid_vdr_text"):
        status, answer = ask(query="parental leave", search_mode=mode)
        assert (status, answer["search_mode"], answer["total_results"]) == (200, mode, 1)
        (hit,) = answer["results"]
        link = urlsplit(hit.pop("page_image_url"))
        assert link.path.endswith(f"{done.document_id}/1/pages/00003.webp")
        assert link.netloc.startswith("derived.")
        assert parse_qs(link.query)["X-Amz-Expires"] == ["60"]
        assert hit.pop("score") == pytest.approx(1.0 if mode == "vdr" else 0.5, abs=1e-3)
        assert hit.pop("vdr_score") == pytest.approx(1.0, abs=1e-3)
        assert hit == {
            "chunk_id": f"page:{key}:3",
            "document_id": done.document_id,
            "file_name": "deck.pdf",
            "page": 3,
            "pages": [3],
            "headings": [],
            "content": "",
            "snippet": "",
            "dense_score": None,
            "sparse_score": None,
            "pipeline": "vdr",
            "search_mode": mode,
        }


def test_only_the_callers_documents_are_searched(opened: connection, ask: Ask) -> None:
    index(opened, "user:somebody-else", *HANDBOOK)
    assert ask(query="parental leave")[1]["results"] == []
    index(opened, "group:finance", "Finance has parental leave too.")  # a group in the recorded token
    assert [hit["content"] for hit in ask(query="parental leave")[1]["results"]] == ["Finance has parental leave too."]


def test_a_filter_on_documents(opened: connection, ask: Ask) -> None:
    first = index(opened, f"user:{SUBJECT}", *HANDBOOK)
    index(opened, f"user:{SUBJECT}", *HANDBOOK, key="me/copy.pdf")
    for names in ([first], ["uploads#alice/report.pdf"]):
        found = ask(query="parental leave", document_ids=names)[1]["results"]
        assert {hit["document_id"] for hit in found} == {first}
    assert ask(query="parental leave", document_ids=[])[1]["results"] == []
    assert ask(query="parental leave", document_ids=["unknown"])[1]["results"] == []


@pytest.mark.parametrize(
    ("fields", "code", "names"),
    [
        ({"query": "x", "nonsense": 1}, "invalid_request", "nonsense"),
        ({"query": " "}, "invalid_request", "query"),
        ({"query": "x", "top_k": 101}, "invalid_request", "top_k"),
        ({"query": "x", "top_k": 10**30}, "invalid_request", "top_k"),
        ({"query": "x", "dense_weight": 2}, "invalid_request", "dense_weight"),
        ({"query": "x", "search_mode": "pictures"}, "invalid_request", "search_mode"),
        ({}, "invalid_request", "query"),
    ],
)
def test_what_is_wrong_is_named(ask: Ask, fields: dict[str, Any], code: str, names: str) -> None:
    status, answer = ask(**fields)
    assert (status, answer["code"]) == (400, code)
    assert names in answer["error"]
    assert answer["requestId"] == EVENT["requestContext"]["requestId"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"query"', "\x00"])
def test_a_body_that_is_no_request(ask: Ask, text: str) -> None:
    status, answer = ask(text)
    assert status == 400
    assert answer["code"] in {"invalid_json", "invalid_request"}


def test_a_refusal_repeats_nothing_that_was_sent(ask: Ask) -> None:
    _, answer = ask(query="secret words " * 400)
    assert "secret" not in json.dumps(answer)


def test_the_query_is_never_logged(
    opened: connection, ask: Ask, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    index(opened, f"user:{SUBJECT}", *HANDBOOK)
    with caplog.at_level(logging.DEBUG):
        assert ask(query="zanzibar expedition")[0] == 200
        assert ask(query="zanzibar expedition", top_k=0)[0] == 400
    assert "zanzibar" not in "".join(capsys.readouterr()) + caplog.text


def test_a_connection_that_broke_is_replaced(opened: connection, ask: Ask) -> None:
    index(opened, f"user:{SUBJECT}", *HANDBOOK)
    assert ask(query="parental leave")[0] == 200
    with opened, opened.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user"
        )
    status, answer = ask(query="parental leave")
    assert status == 200
    assert answer["total_results"] > 0


def test_a_query_that_cannot_be_counted_is_answered(
    opened: connection, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(opened, f"user:{SUBJECT}", *HANDBOOK)
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "USAGE_TABLE": "usage", "QUERIES_A_MINUTE": "1"}
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name, value in {**nowhere, **dict.fromkeys(names, "us-east-1")}.items():
        monkeypatch.setenv(name, value)
    for cached in (settings, aws.rate_limits, aws.counting_client):
        cached.cache_clear()
    assert [ask(query="parental leave")[0] for _ in range(3)] == [200, 200, 200]
    aws.counting_client.cache_clear()


def test_an_unreachable_database_is_a_passing_fault(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_POSTGRES_DB_WRITE_ENDPOINT", "127.0.0.1:1")
    settings.cache_clear()
    status, answer = ask(query="anything")
    assert (status, answer["code"]) == (503, "unavailable")
    assert "127.0.0.1" not in answer["error"]


def test_an_unknown_fault_shows_nothing_of_itself(ask: Ask, database: TestDatabase) -> None:
    with psycopg2.connect(database.server.dsn(database.name)) as admin, admin.cursor() as cursor:
        cursor.execute("DROP TABLE document_bm25_metadata")
    admin.close()
    status, answer = ask(query="anything")
    assert (status, answer["code"]) == (500, "internal")
    assert "bm25" not in answer["error"]
