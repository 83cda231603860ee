"""AWS refuses for a while: the clients wait and ask again, and when it lasts, the error says that it will pass."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from core import aws
from core.blobs import Blobs
from core.errors import TransientError
from core.queues import Queues
from core.settings import Settings
from core.settings import settings as process_settings
from core.status_store import StatusStore
from tests.emulators import DERIVED, TABLES
from tests.outages.answering import Answer, Server, answering

JSON = {"Content-Type": "application/x-amz-json-1.0"}
THROTTLED = Answer(400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}', JSON)
QUEUE_THROTTLED = Answer(400, b'{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"}', JSON)
BODY = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>'
SLOW_DOWN = Answer(503, BODY, {"Content-Type": "application/xml"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """AWS, as the clients of this process find it."""
    with answering(Answer()) as found:
        for name, value in {
            "AWS_ENDPOINT_URL": found.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "SERVICE_TIMEOUT_SECONDS": "1",
        }.items():
            monkeypatch.setenv(name, value)
        process_settings.cache_clear()
        aws.client.cache_clear()
        yield found
        process_settings.cache_clear()
        aws.client.cache_clear()


def statuses() -> StatusStore:
    tables: dict[str, Any] = dict(TABLES)
    return StatusStore(aws.client("dynamodb"), Settings(**tables))


def blobs() -> Blobs:
    client = aws.client("s3")
    return Blobs(client, DERIVED)


def queues() -> Queues:
    return Queues(aws.client("sqs"), Settings())


def postpone() -> Any:
    queues().postpone("arn:aws:sqs:us-east-1:000000000000:q", "handle", 5)


def test_a_call_that_is_throttled_at_first_succeeds(server: Server) -> None:
    server.usual = Answer(headers=JSON)
    server.answers = [THROTTLED, THROTTLED]
    assert statuses().get("bucket#key") is None
    assert len(server.requests) == 3


def test_s3_that_asks_to_slow_down_is_asked_again(server: Server) -> None:
    server.usual, server.answers = Answer(body=b""), [SLOW_DOWN]
    blobs().put_derived("a/1/b", b"data", "text/plain")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("refusal", "usual", "call"),
    [
        (THROTTLED, Answer(headers=JSON), lambda: aws.client("dynamodb").list_tables()),
        (SLOW_DOWN, Answer(body=b""), lambda: blobs().put_derived("a/1/b", b"data", "text/plain")),
        (QUEUE_THROTTLED, Answer(headers=JSON), lambda: aws.client("sqs").list_queues()),
    ],
    ids=["dynamodb", "s3", "sqs"],
)
def test_who_was_throttled_asks_slower_from_then_on(server: Server, refusal: Answer, usual: Answer, call: Any) -> None:
    """Only the mode "adaptive" does this: without it a whole fleet goes on as fast as it was refused."""
    server.usual, server.answers = usual, [refusal]
    for _ in range(4):
        call()
    assert len(server.requests) == 5
    pauses = [later - earlier for earlier, later in pairwise(server.requests[1:])]
    assert min(pauses) > 0.15  # seconds; without, a few hundredths


@pytest.mark.parametrize(
    ("refusal", "call"),
    [
        (THROTTLED, lambda: statuses().get("bucket#key")),
        (SLOW_DOWN, lambda: blobs().put_derived("a/1/b", b"data", "text/plain")),
        (SLOW_DOWN, lambda: blobs().head("bucket", "key")),
        (QUEUE_THROTTLED, postpone),
        (Answer(wait=10), lambda: statuses().get("bucket#key")),
    ],
)
def test_what_lasts_passes_by_itself_some_day(server: Server, refusal: Answer, call: Any) -> None:
    server.usual = refusal
    with pytest.raises(TransientError):
        call()
    assert 2 <= len(server.requests) <= Settings().service_attempts


def test_who_waits_for_an_answer_has_it_before_the_gateway_gives_up() -> None:
    usual = Settings()
    longest = usual.service_attempts * (aws.CONNECT_TIMEOUT_SECONDS + usual.service_timeout_seconds)
    pauses = sum(2**attempt for attempt in range(usual.service_attempts - 1))
    assert longest + pauses < 29
