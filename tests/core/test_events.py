"""Queue messages are handled one by one; S3 notifications are understood in each of their forms."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.events import Message, UploadedObject, each_message, uploaded_objects


def record(number: int, body: str, count: str = "1") -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
        "body": body,
        "attributes": {"ApproximateReceiveCount": count},
    }


def test_only_failed_messages_are_reported() -> None:
    seen = []

    def handle(message: Message) -> None:
        seen.append((message.body, message.receive_count))
        if message.body == "bad":
            raise ValueError(message.body)

    postponed = []
    event = {"Records": [record(1, "good"), record(2, "bad", "2"), record(3, "good")]}
    answer = each_message(event, handle, lambda *arguments: postponed.append(arguments))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert seen == [("good", 1), ("bad", 2), ("good", 1)]
    assert postponed == [("arn:aws:sqs:us-east-1:1:q", "r2", 40)]  # 10 s, then 4 times as long


def test_a_message_that_cannot_be_postponed_is_still_reported() -> None:
    def fail(*_: object) -> None:
        raise ConnectionError

    assert each_message({"Records": [record(1, "bad")]}, fail, fail) == {
        "batchItemFailures": [{"itemIdentifier": "m1"}]
    }


S3_RECORD = {"s3": {"bucket": {"name": "b"}, "object": {"key": "u1/a+b%C3%A9%2Bc.pdf"}}}


@pytest.mark.parametrize("content", [{"Records": [S3_RECORD]}, S3_RECORD])
def test_keys_arrive_url_encoded(content: dict[str, Any]) -> None:
    assert list(uploaded_objects(json.dumps(content))) == [UploadedObject("b", "u1/a bé+c.pdf")]


def test_the_test_event_of_s3_names_nothing() -> None:
    assert list(uploaded_objects(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))) == []


def use(uploads: Iterator[UploadedObject]) -> None:
    assert list(uploads)


def test_a_message_that_nobody_sent_is_logged_with_the_reason_and_comes_again_later_and_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    postponed: list[tuple[str, str, int]] = []
    for count in range(1, 12):
        event = {"Records": [record(1, '{"Records": 7}', str(count))]}
        answer = each_message(
            event, lambda message: use(uploaded_objects(message.body)), lambda *about: postponed.append(about)
        )
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    delays = [seconds for _arn, _handle, seconds in postponed]
    assert delays[:3] == [10, 40, 160]
    assert delays == sorted(delays)
    assert max(delays) <= 43_200  # the longest that a queue hides a message
    assert {record.__dict__["reason"] for record in caplog.records} == {"the message is not a notification of S3"}
