"""Dead letters are read for what they ask, whatever they hold, and picked by what is known of them."""

import json
from dataclasses import asdict, replace

import pytest

from core.generations import begin
from core.status import DocumentStatus
from operations.letters import Letter, QueueName, Selection
from tests.core.statuses import JOB, upload

NOTIFICATION = json.dumps({"Records": [{"s3": {"bucket": {"name": "uploads"}, "object": {"key": "ann/a+b%21.pdf"}}}]})


def letter(body: str, **known: str) -> Letter:
    return Letter.read(id=known.get("id", "1"), queue=QueueName.TEXT_RAG, body=body, sent_at=0.0, receive_count=1)


def status(code: str | None = None, document_id: str = JOB.document_id) -> DocumentStatus:
    begun = begin(None, upload(), document_id, "2026-11-21T09:00:00Z", routing={}, total_pages=5, parts=1)
    return replace(begun, metadata={**begun.metadata, **({"code": code} if code else {})})


def test_a_job_is_known_with_its_document() -> None:
    found = letter(JOB.to_json())
    assert (found.kind, found.job, found.status_id) == ("job", JOB, JOB.status_id)
    assert found.document_id(None) == JOB.document_id


def test_an_upload_is_known_by_its_object_and_by_its_state() -> None:
    found = letter(NOTIFICATION)
    assert (found.kind, found.status_id) == ("upload", "uploads#ann/a b!.pdf")
    assert found.document_id(None) is None
    assert found.document_id(replace(status(), status_id="uploads#ann/a b!.pdf")) == JOB.document_id


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "plain words",
        "{}",
        "null",
        "5",
        '"text"',
        "[]",
        "[" * 100_000,
        '{"Records": 5}',
        '{"Records": []}',
        '{"Records": [{"s3": {"bucket": {"name": 5}, "object": {"key": "a"}}}]}',
        '{"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": 5}}}]}',
        '{"Event": "s3:TestEvent"}',
        JOB.to_json().replace('"schema":', '"schema":9'),
        json.dumps({**asdict(JOB), "part": "first"}),
        json.dumps({**asdict(JOB), "key": None}),
        json.dumps({**asdict(JOB), "route": "by air"}),
    ],
)
def test_what_is_neither_is_unknown_and_harmless(body: str) -> None:
    found = letter(body)
    assert (found.kind, found.status_id, found.document_id(status())) == ("unknown", None, None)
    assert not Selection(code="gave_up").takes(found, None)
    assert not Selection(document="5").takes(found, None)
    assert Selection().takes(found, None)
    assert Selection(ids={"1"}).takes(found, None)


def test_letters_are_picked_by_document_code_and_id() -> None:
    job, other = letter(JOB.to_json(), id="j"), letter(replace(JOB, key="ann/other.pdf").to_json(), id="o")
    failed = status("gave_up")
    assert Selection(document=JOB.document_id).takes(job, failed)
    assert Selection(document=JOB.status_id).takes(job, None)
    assert not Selection(document=JOB.status_id).takes(other, None)
    assert Selection(code="gave_up").takes(job, failed)
    assert not Selection(code="gave_up").takes(job, status("unavailable"))
    assert not Selection(code="gave_up").takes(job, None)
    assert Selection(ids={"j"}).takes(job, None)
    assert not Selection(ids={"j"}).takes(other, None)


def test_a_document_that_took_over_the_name_is_not_the_letters() -> None:
    successor = status("gave_up", document_id="another")
    job = letter(JOB.to_json())
    assert not job.is_of(successor)
    assert not Selection(code="gave_up").takes(job, successor)
    assert not Selection(document="another").takes(job, successor)
