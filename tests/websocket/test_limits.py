"""How many sockets a caller may have open, and how much may be asked on one of them."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from websockets.exceptions import ConnectionClosed

from core import aws
from core.settings import Settings, settings
from tests.websocket.clients import LATER, Client
from websocket import handlers
from websocket.connections import Connections, TooManySocketsError, UnknownConnectionError
from websocket.exchange import answer
from websocket.protocol import pong
from websocket.request_limit import within_limit
from websocket.sockets import Sockets

MINUTE = 1_000_000  #: one like any other
MESSAGE = 128 * 1024  #: bytes, the most that API Gateway delivers, in frames of 32 KB


@pytest.fixture
def few(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sockets of a caller, five requests a minute."""
    monkeypatch.setenv("MAX_SOCKETS", "2")
    monkeypatch.setenv("SOCKET_REQUESTS_A_MINUTE", "5")
    settings.cache_clear()


def connect(connection_id: str, *principals: str) -> dict[str, Any]:
    context = {
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "connectionId": connection_id,
        "authorizer": {"principals": json.dumps(principals), "exp": str(LATER)},
    }
    return handlers.connect({"requestContext": context}, None)


def disconnect(connection_id: str) -> None:
    context = {"routeKey": "$disconnect", "eventType": "DISCONNECT", "connectionId": connection_id}
    handlers.disconnect({"requestContext": context}, None)


@pytest.mark.usefixtures("few")
def test_one_socket_too_many_is_refused(connections: Connections, owner: str) -> None:
    first, second, third = (uuid4().hex for _ in range(3))
    assert connect(first, owner, "group:law") == connect(second, owner) == {"statusCode": 200}
    assert connect(third, owner) == {"statusCode": 429}
    with pytest.raises(UnknownConnectionError):  # nothing of it is kept
        connections.get(third)
    assert connect(third, f"{owner}2", owner) == {"statusCode": 200}  # another caller's, who shares a group
    disconnect(first)
    assert connect(uuid4().hex, owner) == {"statusCode": 200}
    assert connect(uuid4().hex, owner) == {"statusCode": 429}


def test_sockets_that_come_at_once_are_never_too_many(connections: Connections, owner: str) -> None:
    def attempt(connection_id: str) -> bool:
        try:
            connections.open(connection_id, [owner], LATER, most=3)
        except TooManySocketsError:
            return False
        return True

    with ThreadPoolExecutor(8) as callers:
        opened = sum(callers.map(attempt, (uuid4().hex for _ in range(16))))
    assert opened <= 3
    for _ in range(3 - opened):  # those that hindered each other may come again
        assert attempt(uuid4().hex)
    assert not attempt(uuid4().hex)


def test_a_socket_that_ended_unnoticed_stops_counting(connections: Connections, owner: str) -> None:
    lost = uuid4().hex
    connections.open(lost, [owner], LATER, most=1)
    key = {"topic": {"S": f"sockets:{owner}"}, "connectionId": {"S": lost}}
    expired = {**key, "ttl": {"N": "1000"}}  # DynamoDB may take days to remove it
    aws.client("dynamodb").put_item(TableName="WebSocketConnectionsTable", Item=expired)
    connections.open(uuid4().hex, [owner], LATER, most=1)


def test_requests_are_counted_by_minute_and_socket(connections: Connections, owner: str) -> None:
    first, second = uuid4().hex, uuid4().hex
    for connection_id in (first, second):
        connections.open(connection_id, [owner], LATER)
    assert [connections.count_request(first, MINUTE) for _ in range(3)] == [1, 2, 3]
    assert connections.count_request(second, MINUTE) == 1
    assert [connections.count_request(first, MINUTE + 1) for _ in range(2)] == [1, 2]
    assert connections.count_request(first, MINUTE) == 3  # a clock that is behind gives no fresh start
    assert connections.count_request(uuid4().hex, MINUTE) == 0
    assert connections.get(first).principals == (owner,)


def test_a_flood_is_counted_whole(connections: Connections, owner: str) -> None:
    connection_id = uuid4().hex
    connections.open(connection_id, [owner], LATER)
    with ThreadPoolExecutor(8) as frames:
        counts = list(frames.map(lambda _: connections.count_request(connection_id, MINUTE), range(24)))
    assert sorted(counts) == list(range(1, 25))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("handler", "body"),
    [
        (handlers.ping, {"action": "ping"}),
        (handlers.subscribe, {"action": "subscribe", "documentId": "unknown"}),
        (handlers.unsubscribe, {"action": "unsubscribe", "statusId": "uploads#unknown"}),
        (handlers.default_handler, "x" * 30_000),
    ],
)
def test_who_asks_too_much_is_told_and_then_cut_off(
    client: Client, owner: str, monkeypatch: pytest.MonkeyPatch, handler: Callable[..., Any], body: Any
) -> None:
    monkeypatch.setattr("websocket.request_limit.time.time", lambda: MINUTE * 60.0)  # so that no minute ends meanwhile
    assert connect(client.connection_id, owner) == {"statusCode": 200}
    answers = []
    for _ in range(11):
        assert handler(client.event("any", body), None) == {"statusCode": 200}
        answers.append(client.receive())
    assert {each.get("code") for each in answers[:5]}.isdisjoint({"rate_limited"})
    assert [(each["type"], each["code"]) for each in answers[5:]] == [
        *[("error", "rate_limited")] * 5,
        ("closing", "rate_limited"),
    ]
    assert "5 a minute" in answers[5]["message"]
    with pytest.raises(ConnectionClosed):
        client.receive()


@pytest.mark.parametrize(
    ("handler", "body", "code"),
    [
        (handlers.default_handler, "[" * MESSAGE, "bad_request"),
        (handlers.default_handler, json.dumps({"action": "x" * MESSAGE}), "unknown_action"),
        (handlers.subscribe, json.dumps({"action": "subscribe", "documentId": "d" * MESSAGE}), "bad_request"),
        (handlers.subscribe, json.dumps({"action": "subscribe", "x" * MESSAGE: 1}), "bad_request"),
    ],
)
def test_the_longest_message_is_answered_in_a_few_words(
    client: Client, connections: Connections, handler: Callable[..., Any], body: str, code: str
) -> None:
    """Nothing that a client sends comes back at length: an answer must fit a frame, of 32 KB."""
    connections.open(client.connection_id, ["user:ann"], LATER)
    handler(client.event("any", body), None)
    told = client.receive()
    assert told["code"] == code
    assert len(json.dumps(told)) < 500


def test_requests_are_answered_while_they_cannot_be_counted(client: Client, sockets: Sockets) -> None:
    quick = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    away = Connections(boto3.client("dynamodb", endpoint_url="http://127.0.0.1:9", config=quick), "connections")
    limited = within_limit(away, client.connection_id, iter([pong()]), 1)
    assert answer(sockets, client.connection_id, limited) == "answered"
    assert client.receive()["type"] == "pong"


def test_without_a_limit_nothing_is_counted(connections: Connections, owner: str) -> None:
    connection_id = uuid4().hex
    connections.open(connection_id, [owner], LATER)

    def messages() -> Iterator[dict[str, Any]]:
        yield pong()

    assert len(list(within_limit(connections, connection_id, messages(), 0))) == 1
    assert connections.count_request(connection_id, MINUTE) == 1
