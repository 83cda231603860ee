"""The entry as SQS and API Gateway call it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest

from core.jobs import Job
from core.settings import Settings
from tests.emulators import UPLOADS, TestEmulator
from tests.handlers.conftest import SUBJECT, event
from tests.handlers.runtime_api import Function
from tests.services import services_over

Functions = Callable[..., Function]
KEY = f"{SUBJECT}/notes/été 2026.txt"  #: as the recorded events name it, encoded and plain
TEXT = "Parental leave is twenty weeks at full pay."
MALFORMED = "7f3b1f0e-6a43-4d0e-8a3c-2a3d9b8f6c11"  #: the message of the recorded batch that is no notification


@pytest.fixture(autouse=True)
def no_older_jobs(emulator: TestEmulator) -> None:
    """Other tests of this process send jobs to the same queue, and some of them come to light late."""
    emulator.emulator.client("sqs").purge_queue(QueueUrl=emulator.queue_url)


@pytest.fixture
def uploaded(emulator: TestEmulator) -> None:
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=KEY, Body=TEXT.encode())


def jobs(emulator: TestEmulator) -> list[Job]:
    """The jobs in the queue, taken off it."""
    client = emulator.emulator.client("sqs")
    taken = []
    while messages := client.receive_message(QueueUrl=emulator.queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            client.delete_message(QueueUrl=emulator.queue_url, ReceiptHandle=message["ReceiptHandle"])
            taken.append(Job.from_json(message["Body"]))
    return taken


def http_answer(function: Functions, **changes: Any) -> tuple[int, Any]:
    answer = function("async_document_processor").invoke(event("http_process_document", **changes))
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.usefixtures("uploaded")
def test_a_batch_is_taken_in_and_only_what_failed_comes_again(function: Functions, emulator: TestEmulator) -> None:
    result = function("async_document_processor").invoke(event("sqs_s3_upload"))
    assert result == {"batchItemFailures": [{"itemIdentifier": MALFORMED}]}
    [job] = jobs(emulator)
    assert (job.key, job.owner, job.media_type) == (KEY, f"user:{SUBJECT}", "text/plain")


@pytest.mark.usefixtures("uploaded")
def test_a_request_is_accepted_and_names_the_document(function: Functions, emulator: TestEmulator) -> None:
    body = {"bucket": UPLOADS, "key": KEY, "force": True}
    status, answer = http_answer(function, body=json.dumps(body))
    assert (status, answer["status"], answer["statusId"]) == (202, "queued", f"{UPLOADS}#{KEY}")
    assert [job.document_id for job in jobs(emulator)] == [answer["documentId"]]


@pytest.mark.usefixtures("uploaded")
@pytest.mark.parametrize(
    "name", ["\x1b]0;PWNED\x1b\\\x1b[31m\r\n../../\u202eevil", "../a.txt", "a\u200b.txt", "\x9b2J"]
)
def test_a_name_that_no_upload_may_have_is_refused(function: Functions, emulator: TestEmulator, name: str) -> None:
    body = {"bucket": UPLOADS, "key": KEY, "force": True, "metadata": {"fileName": name}}
    status, answer = http_answer(function, body=json.dumps(body))
    assert (status, answer["code"]) == (400, "invalid_file_name")
    assert jobs(emulator) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"bucket": UPLOADS, "key": "somebody-else/secret.txt"}, 404),
        ({"bucket": "any-other-bucket", "key": KEY}, 403),
        ({"bucket": UPLOADS, "key": KEY, "access_token": "x"}, 400),
        ({"bucket": UPLOADS}, 400),
        ([], 400),
    ],
)
def test_a_request_for_anything_else_is_refused(
    function: Functions, emulator: TestEmulator, body: Any, status: int
) -> None:
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key="somebody-else/secret.txt", Body=b"secret")
    refused, answer = http_answer(function, body=json.dumps(body))
    assert (refused, set(answer) >= {"error", "code", "requestId"}) == (status, True), answer
    assert jobs(emulator) == []


def test_the_last_try_tells_the_owner_that_it_failed(function: Functions, emulator: TestEmulator) -> None:
    key = f"{SUBJECT}/last try.txt"
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=TEXT.encode())
    batch = event("sqs_s3_upload")
    del batch["Records"][1:]
    [record] = batch["Records"]
    record["body"] = json.dumps({"s3": {"bucket": {"name": UPLOADS}, "object": {"key": quote_plus(key)}}})
    entry = function("async_document_processor", TEXT_RAG_PROCESSING_QUEUE_URL=f"{emulator.queue_url}-gone")
    statuses = services_over(emulator, Settings(**emulator.settings)).statuses
    told = []
    for receives in (1, 2, 3):
        record["attributes"]["ApproximateReceiveCount"] = str(receives)
        failed = [{"itemIdentifier": record["messageId"]}] if receives < 3 else []
        assert entry.invoke(batch) == {"batchItemFailures": failed}
        status = statuses.get(f"{UPLOADS}#{key}")
        assert status is not None
        told.append((str(status.status), status.metadata.get("code"), status.metadata.get("stage")))
    assert told == [("validating", None, None)] * 2 + [("failed", "gave_up", "validating")]
    url = emulator.dead_letter_queue_urls["rag_document_index_dead_letter_queue_url"]
    letters = emulator.emulator.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert record["body"] in [letter["Body"] for letter in letters]
