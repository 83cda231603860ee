"""Hostile content: what is sent stays data, in statements, in log lines, in keys, in headers and in answers."""

import base64
import io
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from psycopg2.extensions import connection

from core import aws, events, logs
from core.entry import BucketNotAllowedError, NotFoundError, Request, accept
from core.http import MAX_BODY
from rag import async_processor
from tests.emulators import DERIVED, UPLOADS
from tests.security.gateway import Gateway
from tests.security.tenants import Tenant, put_document

NewTenant = Callable[..., Tenant]
TEXT = "Harbour dues are waived for the wooden ferry."
SQL = [
    "' OR 1=1 --",
    "'; DROP TABLE documents; --",
    '" OR ""="',
    "$$; SELECT set_config('rag.principals', '[\"user:victim\"]', false); $$",
    "%(owners)s %s %% {0} {principals}",
    "\\'; SELECT pg_sleep(10) --",
    "harbour') OR true OR ('",
]
ODD = [
    "\x00",
    "harbour\x00dues",
    "\u202eseud ruobrah",
    "\u2028\u2029\x85\x1b[31m",
    "\U0010ffff\ufffe\ufeff",
    "e\u0301" * 500,
    "a" * 4000,
    "🛥️" * 1000,
    "\r\nX-Injected: yes",
]


@pytest.fixture
def ann(new_tenant: NewTenant) -> Tenant:
    return new_tenant("readers")


@pytest.fixture
def theirs(new_tenant: NewTenant, opened: connection) -> str:
    """Another tenant's document."""
    return put_document(opened, new_tenant().principal, "dues.pdf", TEXT).document_id


@pytest.mark.parametrize("mode", ["hybrid", "sparse", "hybrid_vdr_text"])
def test_a_query_is_text(ann: Tenant, theirs: str, mode: str) -> None:
    for text in (*SQL, *ODD):
        started = time.monotonic()
        answer = ann.call("POST", "/v2/query", {"query": text, "search_mode": mode})
        assert answer.status == 400 or answer.body["results"] == [], text
        assert time.monotonic() - started < 9
        assert "x-injected" not in answer.headers


def test_the_names_of_documents_are_text(ann: Tenant, theirs: str, opened: connection) -> None:
    mine = put_document(opened, ann.principal, "mine.pdf", TEXT)
    for name in (*SQL, *ODD, " ", "#", "a#b", str(uuid.UUID(int=0)), theirs):
        named = {"query": "harbour dues", "document_ids": [name], "search_mode": "sparse"}
        answer = ann.call("POST", "/v2/query", named)
        assert answer.status == 400 or answer.body["results"] == [], name
        both = ann.call("POST", "/v2/query", named | {"document_ids": [name, mine.document_id]})
        assert both.status == 400 or [hit["document_id"] for hit in both.body["results"]] == [mine.document_id]


CURSORS: list[Any] = [
    ["2026-11-21T00:00:00Z' OR user <> '"],
    ["\ud800"],
    ["\x00"],
    ["", "uploads#a"],
    [":user"],
    ["9" * 2000],
    {"moment": "x"},
    [["x"]],
    [None],
    "x",
]


@pytest.mark.parametrize("content", CURSORS, ids=lambda content: ascii(content)[:24])
def test_a_cursor_is_a_place_and_nothing_else(ann: Tenant, theirs: str, content: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    answer = ann.call("GET", "/v2/documents", params={"cursor": cursor})
    assert answer.status == 400 or answer.body["documents"] == []
    assert answer.status in {200, 400}


NAMES = [
    *SQL,
    "a\x1b[2Jb.pdf",
    "a\nb.pdf",
    "a\r\nX-Injected: yes.pdf",
    "\u2028.pdf",
    "\x85.pdf",
    "fdp.\u202egnp",
    "<script>.pdf",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda text: ascii(text)[:24])
def test_a_file_name_is_kept_or_refused(ann: Tenant, name: str) -> None:
    answer = ann.call("POST", "/v2/uploads", {"fileName": name, "size": 5})
    assert answer.status in {201, 400}
    if answer.status == 201:
        assert answer.body["key"] == f"{ann.subject}/{name}"
        assert ann.call("GET", f"/v2/documents/{answer.body['documentId']}").body["fileName"] == name.rpartition("/")[2]
    assert "x-injected" not in answer.headers


def test_log_lines_stay_one_object_each(ann: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of objects come from anybody who may write to the bucket."""
    written = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", written)
    for name in (
        "a\nb",
        'a\r\n{"level": "INFO"}',
        "\x1b[31mred",
        "\u2028\u2029\x85",
        "\x9b31m",
        "\ud800",
        "\x00",
        "\u202e",
    ):
        logs.info("Status updated", statusId=f"uploads#{ann.subject}/{name}", fileName=name)
        logs.warning(name, **{"bucket": name})
    lines = written.getvalue().split("\n")
    assert len(lines) == 16 + 1
    assert len(written.getvalue().splitlines()) == 16  # whatever a reader takes for the end of a line
    for line in lines[:-1]:
        assert line.isascii() and line.isprintable()
        assert json.loads(line)["service"] == "amplify-rag-async"


KEYS = [
    "../other/a.pdf",
    "./a.pdf",
    "a.pdf",
    "/a.pdf",
    "//a.pdf",
    "{me}/../other/a.pdf",
    "{me}/a/../../other/a.pdf",
    "{me}",
    "{me}/\x00",
    "{me}/\x00/../../other/a.pdf",
    "{me}%2F..%2Fother%2Fa.pdf",
    "{me}/\r\nx-injected: yes",
    "user:{me}/a.pdf",
    "group:finance/a.pdf",
]


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_a_key_is_processed_for_its_owner_alone(ann: Tenant, key: str) -> None:
    put = aws.client("s3").put_object
    for place in ("other/a.pdf", "a.pdf", "group:finance/a.pdf"):
        put(Bucket=UPLOADS, Key=place, Body=b"%PDF-1.7 secret")
    named = key.format(me=ann.subject)
    answer = ann.call("POST", "/v2/process-document", {"bucket": UPLOADS, "key": named})
    assert (answer.status, answer.body["code"]) == (404, "not_found"), answer.body


@pytest.mark.parametrize(
    "bucket", [DERIVED, "another-bucket", "..", "a" * 63, f"{UPLOADS}/x", f"{UPLOADS}\x00", UPLOADS.upper()]
)
def test_other_buckets_are_not_read(ann: Tenant, bucket: str) -> None:
    key = f"{ann.subject}/a.pdf"
    aws.client("s3").put_object(Bucket=DERIVED, Key=key, Body=b"bytes")
    answer = ann.call("POST", "/v2/process-document", {"bucket": bucket, "key": key})
    assert answer.status in {400, 403}
    assert answer.body["code"] in {"bad_request", "invalid_request", "bucket_not_allowed"}
    with pytest.raises(BucketNotAllowedError):
        accept(Request(bucket=bucket, key=key), aws.services())


def test_a_notification_of_another_bucket_or_of_nobodys_key_is_ignored(ann: Tenant) -> None:
    bodies = [
        json.dumps({"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})
        for bucket, key in (
            (DERIVED, f"{ann.subject}/a.pdf"),
            (UPLOADS, "a.pdf"),
            (UPLOADS, f"{ann.subject}/../x/a.pdf"),
        )
    ]
    aws.client("s3").put_object(Bucket=UPLOADS, Key="a.pdf", Body=b"bytes")
    records = [
        {"messageId": str(n), "body": body, "eventSourceARN": "", "receiptHandle": ""} for n, body in enumerate(bodies)
    ]
    assert async_processor.async_document_processor({"Records": records}, None) == {"batchItemFailures": []}
    assert ann.call("GET", "/v2/documents").body["documents"] == []
    with pytest.raises(NotFoundError):
        accept(Request(bucket=UPLOADS, key="a.pdf"), aws.services())
    assert [each.bucket for each in events.uploaded_objects(bodies[0])] == [DERIVED]


POSTS = ["/v2/uploads", "/v2/query", "/v2/process-document"]
DEPTH = 100_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "six megabytes of text": b'{"query": "' + b"a" * 6_000_000 + b'"}',
    "six megabytes of names": b'{"query": "x", "document_ids": [' + b'"a",' * 1_500_000 + b'"a"]}',
    "deep lists": b"[" * DEPTH + b"]" * DEPTH,
    "deep objects": b'{"query":' * DEPTH + b"1" + b"}" * DEPTH,
    "deep in a field": b'{"fileName": "a", "size": ' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "many fields": json.dumps({str(n): n for n in range(200_000)}).encode(),
    "a long number": b'{"size": ' + b"9" * 100_000 + b"}",
    "an exponent": b'{"size": 1e999999, "top_k": 1e999999}',
    "a lone surrogate": b'{"query": "\\ud800", "fileName": "\\ud800", "size": 5, "bucket": "abc", "key": "\\ud800"}',
    "overlong UTF-8": b'{"query": "\xc0\xaf", "fileName": "\xc0\xae\xc0\xae/a", "size": 5}',
    "not UTF-8": b"\xff\xfe{}",
    "UTF-16": '{"query": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "the same field twice": b'{"query": "", "query": 5, "fileName": "a", "fileName": "../b", "size": 5}',
    "a prototype": b'{"__proto__": {"owner": "group:admins"}, "__class__": "x"}',
}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_none_is_refused(ann: Tenant, gateway: Gateway, path: str, body: str) -> None:
    headers = {"authorization": f"Bearer {ann.token}", "content-type": "application/json"}
    answer = httpx.post(gateway.url + path, content=BODIES[body], headers=headers, timeout=60)
    assert answer.status_code == (413 if len(BODIES[body]) > MAX_BODY else 400), answer.text
    assert len(answer.content) < 2000
    assert set(answer.json()) >= {"error", "code", "requestId"}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "image/png", "", "x" * 999]
)
def test_a_body_of_another_type_does_no_harm(ann: Tenant, gateway: Gateway, path: str, kind: str) -> None:
    headers = {"authorization": f"Bearer {ann.token}", **({"content-type": kind} if kind else {})}
    for content in (b"\x00\xff", b"a=b&c=d", b"--x\r\n\r\n--x--"):
        answer = httpx.post(gateway.url + path, content=content, headers=headers, timeout=60)
        assert answer.status_code in {400, 415}, answer.text


@pytest.mark.parametrize("kind", ["text/plain\r\nx-amz-meta-owner: group:admins", "text/html\x00", "a/b;\x7f", "a"])
def test_a_type_is_no_header(ann: Tenant, kind: str) -> None:
    answer = ann.call("POST", "/v2/uploads", {"fileName": "a.txt", "size": 5, "contentType": kind})
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "segment", ["%00", "%2e%2e", "..%2f..", "%252e%252e", "%ff", "%ed%a0%80", "a" * 5000, "%0d%0ax:y", "'--"]
)
def test_a_path_leads_nowhere(ann: Tenant, gateway: Gateway, segment: str) -> None:
    headers = {"authorization": f"Bearer {ann.token}"}
    for tail in ("", "/status", "/pages/1/image"):
        answer = httpx.get(httpx.URL(f"{gateway.url}/v2/documents/{segment}{tail}"), headers=headers)
        assert answer.status_code == 404, answer.text
        assert "x" not in answer.headers
