"""Limits as callers of the deployed functions meet them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from tests.emulators import UPLOADS, TestEmulator
from tests.handlers.conftest import Functions, event

LIMITS = {
    "MAX_BYTES_A_DAY": "100",
    "UPLOADS_A_MINUTE": "3",
    "QUERIES_A_MINUTE": "2",
    "MAX_SOCKETS": "1",
}


@pytest.fixture
def limited(function: Functions, emulator: TestEmulator) -> Iterator[Functions]:
    """The functions, with limits that are soon reached."""
    with ExitStack() as stack:
        yield Functions(emulator, function.variables | LIMITS, stack)


def request(name: str, subject: str, body: Any) -> Any:
    """A recorded request, of somebody else."""
    made = event(name, body=json.dumps(body))
    made["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = subject
    return made


def process(limited: Functions, emulator: TestEmulator, subject: str, name: str, size: int) -> dict[str, Any]:
    key = f"{subject}/{name}"
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=b"a" * size)
    asked = request("http_process_document", subject, {"bucket": UPLOADS, "key": key})
    return dict(limited("async_document_processor").invoke(asked))


def test_a_file_beyond_the_limit_is_refused_and_its_owner_told(limited: Functions, emulator: TestEmulator) -> None:
    subject = str(uuid4())
    assert process(limited, emulator, subject, "a.txt", 60)["statusCode"] == 202
    refused = process(limited, emulator, subject, "b.txt", 41)
    answer = json.loads(refused["body"])
    assert (refused["statusCode"], answer["code"]) == (429, "quota_exceeded")
    assert answer["statusId"] == f"{UPLOADS}#{subject}/b.txt"
    assert 0 < int(refused["headers"]["retry-after"]) <= 86_400
    key = {"statusId": {"S": answer["statusId"]}}
    state = emulator.emulator.client("dynamodb").get_item(TableName="DocumentStatusTable", Key=key)["Item"]
    assert (state["status"]["S"], state["metadata"]["M"]["code"]["S"]) == ("failed", "quota_exceeded")


def test_an_upload_beyond_the_limit_is_not_delivered_again(limited: Functions, emulator: TestEmulator) -> None:
    subject = str(uuid4())
    key = f"{subject}/big.txt"
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=b"a" * 101)
    arrived = event("sqs_s3_upload")
    record = arrived["Records"][0]
    record["body"] = json.dumps({"Records": [{"s3": {"bucket": {"name": UPLOADS}, "object": {"key": key}}}]})
    result = limited("async_document_processor").invoke({"Records": [record]})
    assert result == {"batchItemFailures": []}
    assert '"code":"quota_exceeded"' in limited("async_document_processor").log


def test_requests_to_process_are_counted(limited: Functions, emulator: TestEmulator) -> None:
    subject = str(uuid4())
    answers = [process(limited, emulator, subject, "a.txt", 1) for _ in range(7)]  # of at most two minutes
    codes = [json.loads(each["body"]).get("code") for each in answers]
    assert codes[-1] == "rate_limited"
    assert answers[-1]["statusCode"] == 429
    assert 0 < int(answers[-1]["headers"]["retry-after"]) <= 60


def test_one_socket_too_many_is_refused(limited: Functions) -> None:
    subject = str(uuid4())

    def connect() -> Any:
        opening = event("websocket_connect")
        opening["requestContext"] |= {"connectionId": uuid4().hex}
        opening["requestContext"]["authorizer"]["principals"] = json.dumps([f"user:{subject}"])
        return limited("websocket_connect").invoke(opening)

    assert [connect()["statusCode"] for _ in range(2)] == [200, 429]


def test_queries_are_counted_also_those_that_are_none(limited: Functions) -> None:
    subject = str(uuid4())
    asked = [request("http_query", subject, {"query": " "}) for _ in range(5)]  # of at most two minutes
    answers = [limited("query_handler").invoke(each) for each in asked]
    assert [each["statusCode"] for each in answers[:2]] == [400, 400]
    assert (answers[-1]["statusCode"], json.loads(answers[-1]["body"])["code"]) == (429, "rate_limited")
    assert 0 < int(answers[-1]["headers"]["retry-after"]) <= 60
