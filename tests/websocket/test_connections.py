"""Sockets and topics in DynamoDB."""

import time
from uuid import uuid4

import pytest

from core import aws
from tests.websocket.clients import LATER
from websocket.connections import Connection, Connections, UnknownConnectionError, document_topic, owner_topic


@pytest.fixture
def socket(connections: Connections) -> str:
    connection_id = uuid4().hex
    connections.open(connection_id, ["user:ann", "group:law"], LATER)
    return connection_id


def test_a_socket_is_recorded(connections: Connections, socket: str) -> None:
    assert connections.get(socket) == Connection(socket, ("user:ann", "group:law"), frozenset(), LATER)


def test_topics_add_up_and_repeat_harmlessly(connections: Connections, socket: str) -> None:
    first, second = document_topic(uuid4().hex), document_topic(uuid4().hex)
    connections.subscribe(socket, [first], LATER)
    connections.subscribe(socket, [second], LATER)
    connections.subscribe(socket, [first], LATER)
    assert connections.get(socket).topics == {first, second}
    assert connections.subscribers(first) == connections.subscribers(second) == {socket: LATER}
    connections.unsubscribe(socket, [first, owner_topic("user:nobody")])
    assert connections.get(socket).topics == {second}
    assert list(connections.subscribers(first)) == []
    connections.unsubscribe(socket, [second])
    connections.unsubscribe(socket, [second])
    assert connections.get(socket).topics == frozenset()


def test_closing_leaves_nothing_behind(connections: Connections, socket: str) -> None:
    topics = [document_topic(uuid4().hex) for _ in range(60)]  # more than one batch of writes
    connections.subscribe(socket, topics, LATER)
    assert list(connections.subscribers(topics[59])) == [socket]
    connections.close(socket)
    connections.close(socket)
    assert [connections.subscribers(topic) for topic in topics] == [{}] * 60
    for use in (connections.get, lambda closed: connections.subscribe(closed, topics, LATER)):
        with pytest.raises(UnknownConnectionError):
            use(socket)
    connections.unsubscribe(socket, topics)
    assert list(connections.subscribers(topics[0])) == []


def test_many_sockets_share_a_topic(connections: Connections) -> None:
    topic, ids = document_topic(uuid4().hex), [uuid4().hex for _ in range(30)]
    for connection_id in ids:
        connections.open(connection_id, ["user:ann"], LATER)
        connections.subscribe(connection_id, [topic], LATER)
    connections.close(ids.pop())
    assert sorted(connections.subscribers(topic)) == sorted(ids)


def test_what_is_left_behind_expires(connections: Connections, socket: str) -> None:
    connections.subscribe(socket, [document_topic("d-expiry")], LATER)
    for topic in (f"connection:{socket}", "document:d-expiry"):
        key = {"topic": {"S": topic}, "connectionId": {"S": socket}}
        item = aws.client("dynamodb").get_item(TableName="WebSocketConnectionsTable", Key=key)["Item"]
        assert float(item["ttl"]["N"]) == pytest.approx(time.time() + 86_400, abs=60)
