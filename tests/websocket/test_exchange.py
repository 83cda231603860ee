"""How failures are answered on a socket."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from core.status_store import StatusStore
from tests.websocket.clients import Client
from websocket.connections import Connections
from websocket.exchange import answer
from websocket.protocol import Message, Target, pong
from websocket.sockets import Sockets
from websocket.subscriptions import Subscriptions


@pytest.fixture
def unreachable() -> Connections:
    """The connections, while DynamoDB is away."""
    quick = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    return Connections(boto3.client("dynamodb", endpoint_url="http://127.0.0.1:9", config=quick), "connections")


def test_an_outage_is_told(client: Client, sockets: Sockets, store: StatusStore, unreachable: Connections) -> None:
    messages = Subscriptions(unreachable, store).subscribe(client.connection_id, Target(document_id="d"))
    assert answer(sockets, client.connection_id, messages) == "unavailable"
    assert client.receive().items() >= {"type": "error", "code": "unavailable"}.items()


def test_a_client_that_left_is_no_failure(client: Client, sockets: Sockets) -> None:
    client.leave()
    assert answer(sockets, client.connection_id, iter([pong()])) == "gone"


def test_other_errors_rise(client: Client, sockets: Sockets) -> None:
    def broken() -> Iterator[Message]:
        yield pong()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer(sockets, client.connection_id, broken())
