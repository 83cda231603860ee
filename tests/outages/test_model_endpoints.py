"""Model endpoints that are slow, hang, refuse or answer nonsense: the wait is bounded, and who is at fault is told."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import SettingsError, TransientError
from rag import embed_endpoint
from rag.embed import PACKAGED_MODEL
from rag.embed_endpoint import EndpointEmbedder
from rag.embed_tokens import TextTokenizer
from rag.model_endpoint import ModelEndpoint, Patience
from rag.picture_vision import VisionEndpoint
from tests.outages.answering import Answer, Server, answering

GOOD = Answer(body=json.dumps({"data": [{"index": 0, "embedding": [3.0, 4.0]}]}).encode())
TRY_LATER = {"Retry-After": "1"}


@pytest.fixture
def server() -> Iterator[Server]:
    with answering(GOOD) as found:
        yield found


def endpoint(server: Server) -> ModelEndpoint:
    return ModelEndpoint(server.address, called="test", setting="SOME_ENDPOINT", backoff_seconds=0.02)


def embedder(server: Server, **changes: Any) -> EndpointEmbedder:
    tokenizer = TextTokenizer(PACKAGED_MODEL / "tokenizer.json")
    values = {"max_tokens": 512, "dimensions": 2, "backoff_seconds": 0.02} | changes
    return EndpointEmbedder(base_url=server.address, model="m", tokenizer=tokenizer, **values)


@pytest.mark.parametrize("slow", [Answer(wait=30), Answer(body=b" " * 200 + b"{}", drip=0.15)])
def test_an_endpoint_that_hangs_or_drips_is_given_up_in_time(server: Server, slow: Answer) -> None:
    server.usual = slow
    started = time.monotonic()
    with pytest.raises(TransientError, match="test endpoint cannot be reached"):
        endpoint(server).post({}, Patience(seconds=0.5, repeats=1, within=3), hopeless=())
    assert time.monotonic() - started < 3
    assert len(server.requests) == 2


def test_all_tries_together_end_in_time(server: Server) -> None:
    server.usual = Answer(wait=30)
    started = time.monotonic()
    with pytest.raises(TransientError):
        endpoint(server).post({}, Patience(seconds=1, repeats=50, within=2), hopeless=())
    assert time.monotonic() - started < 4


def test_a_slow_endpoint_that_becomes_quick_is_waited_for(server: Server) -> None:
    server.answers = [Answer(wait=5), Answer(503), Answer(body=b"<html>", status=502)]
    assert endpoint(server).post({}, Patience(seconds=0.5, repeats=3, within=10), hopeless=()) == json.loads(GOOD.body)


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_an_endpoint_asks_for_is_kept(server: Server, status: int) -> None:
    server.answers = [Answer(status, headers=TRY_LATER)]
    assert embedder(server)(["a"]).shape == (1, 2)
    first, second = server.requests
    assert 0.9 < second - first < 5


def test_a_wait_that_is_asked_for_is_too_long_for_whoever_waits(server: Server) -> None:
    server.usual = Answer(429, headers={"Retry-After": "3600"})
    started = time.monotonic()
    with pytest.raises(TransientError, match="429"):
        embedder(server).embed_query("a")
    assert time.monotonic() - started < 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("asked", ["soon", "-5", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_none(server: Server, asked: str) -> None:
    server.answers = [Answer(429, headers={"Retry-After": asked})]
    started = time.monotonic()
    assert embedder(server)(["a"]).shape == (1, 2)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("numbers", ["[NaN, 1.0]", "[Infinity, 1.0]", "[0.0, 0.0]", "[1e300, 1.0]"])
def test_vectors_without_a_direction_are_never_stored(server: Server, numbers: str) -> None:
    server.usual = Answer(body=b'{"data": [{"index": 0, "embedding": %s}]}' % numbers.encode())
    with pytest.raises(TransientError, match="without a direction"):
        embedder(server)(["a"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", TransientError),
        (b"\x00\xff\xfe", TransientError),
        (b"[" * 100_000, TransientError),
        (b'{"data": "none"}', SettingsError),
        (b'{"data": [{"index": 0, "embedding": ["a", "b"]}]}', SettingsError),
    ],
)
def test_nonsense_is_no_vector(server: Server, body: bytes, error: type[Exception]) -> None:
    server.usual = Answer(body=body)
    with pytest.raises(error):
        embedder(server)(["a"])


def test_a_picture_costs_no_more_than_its_time(server: Server) -> None:
    server.usual = Answer(wait=30)
    started = time.monotonic()
    vision = VisionEndpoint(base_url=server.address, model="m", seconds=1, backoff_seconds=0.02)
    with pytest.raises(TransientError, match="vision endpoint cannot be reached"):
        vision.describe(b"picture", "image/png")
    assert time.monotonic() - started < 4


def test_who_waits_for_a_query_is_answered_before_the_gateway_gives_up() -> None:
    assert embed_endpoint.QUERY.within + embed_endpoint.QUERY.seconds < 25
