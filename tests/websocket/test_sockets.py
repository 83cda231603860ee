"""Messages to real sockets."""

import pytest

from tests.websocket.clients import Client
from websocket.sockets import GoneError, Sockets


def test_messages_arrive_in_order(client: Client, sockets: Sockets) -> None:
    for number in range(5):
        sockets.post(client.connection_id, {"type": "größe", "number": number})
    assert [client.receive() for _ in range(5)] == [{"type": "größe", "number": number} for number in range(5)]


def test_a_client_that_left_is_gone(client: Client, sockets: Sockets) -> None:
    client.leave()
    with pytest.raises(GoneError):
        sockets.post(client.connection_id, {"type": "pong"})
    sockets.close(client.connection_id)


def test_closing_ends_the_connection(client: Client, sockets: Sockets) -> None:
    sockets.close(client.connection_id)
    with pytest.raises(GoneError):
        sockets.post(client.connection_id, {"type": "pong"})
