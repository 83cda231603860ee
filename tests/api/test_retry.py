"""Trying documents again over HTTP: what failed in passing goes on, what was stopped begins anew, no other may."""

import json
from urllib.parse import unquote_plus

import pytest

from core.parts import Part
from core.plans import plan_of
from core.status import DocumentStatus, Status
from tests.api.conftest import Caller
from tests.api.ingestion import begin, job, process
from tests.emulators import TestEmulator


def failed(caller: Caller, *, retryable: bool = True, planned: bool = True) -> DocumentStatus:
    """A document of two parts whose second one failed."""
    begun = begin(caller)
    if planned:
        cut = [Part("text", 1, 50, ""), Part("text", 51, 60, "")]
        caller.services.parts.keep(plan_of(job(begun, 0), cut, window=2))
        caller.services.parts.done(job(begun, 0))
    caller.services.statuses.report(job(begun, 0), Status.EMBEDDING, fraction=1.0, pages_done=50)
    status = caller.services.statuses.fail(job(begun, 1), code="gave_up", message="No.", retryable=retryable)
    assert status is not None
    return status


def path(status: DocumentStatus) -> str:
    return f"/v2/documents/{status.document_id}/retry"


def sent(emulator: TestEmulator, url: str, key: str) -> list[str]:
    """The messages about an object in a queue, taken from it."""
    sqs, found = emulator.emulator.client("sqs"), list[str]()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(message["Body"])
    return [body for body in found if key in unquote_plus(body)]


def test_what_failed_in_passing_goes_on_where_it_stood(caller: Caller, emulator: TestEmulator) -> None:
    status = failed(caller)
    tried = caller.call("POST", path(status))
    assert (tried.status, tried.body["status"]) == (202, "queued")
    assert tried.body["metadata"]["progress"] == status.progress > 5
    assert {"code", "error", "stage", "retryable"}.isdisjoint(tried.body["metadata"])
    assert [json.loads(body)["part"] for body in sent(emulator, emulator.queue_url, status.key)] == [1]
    again = caller.call("POST", path(status))
    assert (again.status, again.body["code"]) == (409, "already_running")
    assert sent(emulator, emulator.queue_url, status.key) == []


def test_what_nobody_knows_how_to_go_on_with_is_taken_in_anew(caller: Caller, emulator: TestEmulator) -> None:
    status = failed(caller, planned=False)
    tried = caller.call("POST", path(status))
    assert (tried.status, tried.body["status"]) == (202, "failed")  # until the entry has begun it
    [body] = sent(emulator, emulator.uploads_queue_url, status.key)
    assert json.loads(body)["repeats"] == status.generation


def test_what_was_cancelled_or_has_gaps_is_taken_in_anew(caller: Caller, emulator: TestEmulator) -> None:
    cancelled, gaps = begin(caller, "a.pdf"), begin(caller, "b.pdf")
    caller.services.statuses.cancel(cancelled.document_id)
    process(caller, gaps)
    for status in (cancelled, gaps):
        assert caller.call("POST", path(status)).status == 202
        assert len(sent(emulator, emulator.uploads_queue_url, status.key)) == 1


@pytest.mark.parametrize(
    ("ending", "code", "word"),
    [
        ("at fault", "not_retryable", "upload it anew"),
        ("completed", "not_retryable", "completed"),
        ("running", "already_running", "queued"),
        ("awaiting", "not_retryable", "arrived"),
    ],
)
def test_the_rest_is_refused_with_a_sentence(
    caller: Caller, emulator: TestEmulator, ending: str, code: str, word: str
) -> None:
    if ending == "at fault":
        status = failed(caller, retryable=False)
    elif ending == "awaiting":
        announced = caller.call("POST", "/v2/uploads", {"fileName": "a.pdf", "size": 5}).body
        found = caller.services.statuses.find(announced["documentId"])
        assert found is not None
        status = found
    else:
        status = begin(caller)
        if ending == "completed":
            caller.services.statuses.finish(job(status, 0), Status.COMPLETED)
    refused = caller.call("POST", path(status))
    assert (refused.status, refused.body["code"]) == (409, code)
    assert word in refused.body["error"]
    for url in (emulator.queue_url, emulator.uploads_queue_url):
        assert sent(emulator, url, status.key) == []


def test_a_strangers_document_is_not_tried(caller: Caller) -> None:
    status = failed(caller)
    stranger = Caller(caller.services)
    assert stranger.call("POST", path(status)).body["code"] == "document_not_found"
    known = caller.services.statuses.get(status.status_id)
    assert known == status
