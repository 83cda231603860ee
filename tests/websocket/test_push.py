"""Changes of state to their subscribers, over real sockets."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from websockets.exceptions import ConnectionClosed

from core import aws
from core.errors import TransientError
from core.status import DocumentStatus, Status
from core.status_items import status_item
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.emulators import TestEmulator, changes_of
from tests.websocket.clients import LATER, Client
from websocket import push_handler
from websocket.connections import Connections, UnknownConnectionError, document_topic, owner_topic
from websocket.push import Pusher, Update
from websocket.sockets import Sockets


@pytest.fixture
def document(store: StatusStore, owner: str) -> DocumentStatus:
    return store.begin(upload(f"{owner}/a.pdf", owner=owner), total_pages=50, parts=1).status


def progress(store: StatusStore, document: DocumentStatus, count: int) -> list[DocumentStatus]:
    """So many changes of the document."""
    reports = (store.report(job(document), Status.EMBEDDING, fraction=n / 99) for n in range(1, count + 1))
    return [status for status in reports if status]


def listen(client: Client, connections: Connections, topic: str, expires: int = LATER) -> None:
    connections.open(client.connection_id, ["user:whoever"], expires)
    connections.subscribe(client.connection_id, [topic], expires)


def stream(states: Sequence[DocumentStatus]) -> dict[str, Any]:
    """The event that Lambda makes of changes in the status table."""
    return {
        "Records": [
            {
                "eventName": "MODIFY",
                "dynamodb": {"SequenceNumber": f"{100 + n}", "NewImage": status_item(state, None), "Keys": {}},
            }
            for n, state in enumerate(states)
        ]
    }


def updates(states: Sequence[DocumentStatus]) -> list[Update]:
    return [Update.of(status_item(state, None)) for state in states]


def test_every_change_reaches_its_subscribers_in_order(
    new_client: Callable[[], Client], connections: Connections, store: StatusStore, document: DocumentStatus, owner: str
) -> None:
    watching, watching_all, elsewhere = new_client(), new_client(), new_client()
    listen(watching, connections, document_topic(document.document_id))
    listen(watching_all, connections, owner_topic(owner))
    listen(elsewhere, connections, owner_topic("user:another"))
    connections.subscribe(watching.connection_id, [owner_topic(owner)], LATER)  # twice is told once
    states = progress(store, document, 20)
    assert push_handler.push(stream(states), None) == {"batchItemFailures": []}
    for client in (watching, watching_all):
        assert [client.receive() for _ in states] == [state.body() for state in states]
        assert client.is_silent()
    assert elsewhere.is_silent()


def test_a_push_is_what_the_stream_of_the_table_holds(
    client: Client,
    connections: Connections,
    store: StatusStore,
    document: DocumentStatus,
    emulator: TestEmulator,
) -> None:
    listen(client, connections, owner_topic(document.owner))
    states = [document, *progress(store, document, 3)]
    store.delete(document.document_id)
    push_handler.push({"Records": changes_of(emulator, document.status_id)}, None)
    assert [client.receive() for _ in states] == [state.body() for state in states]
    assert client.receive()["status"] == Status.DELETED
    assert client.is_silent()


def test_a_client_that_left_is_forgotten_and_holds_up_nobody(
    new_client: Callable[[], Client], connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    gone, there = new_client(), new_client()
    for client in (gone, there):
        listen(client, connections, document_topic(document.document_id))
    connections.subscribe(gone.connection_id, ["document:other"], LATER)
    gone.leave()
    states = progress(store, document, 3)
    assert push_handler.push(stream(states), None) == {"batchItemFailures": []}
    assert [there.receive() for _ in states] == [state.body() for state in states]
    assert list(connections.subscribers(document_topic(document.document_id))) == [there.connection_id]
    assert gone.connection_id not in connections.subscribers("document:other")


def test_a_topic_without_its_socket_is_removed(
    client: Client, connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    topic = document_topic(document.document_id)
    key = {"topic": {"S": topic}, "connectionId": {"S": "left-behind="}}
    aws.client("dynamodb").put_item(TableName="WebSocketConnectionsTable", Item=key)
    push_handler.push(stream(progress(store, document, 1)), None)
    assert list(connections.subscribers(topic)) == []


def test_a_socket_hears_nothing_after_its_token_has_expired(
    new_client: Callable[[], Client], connections: Connections, store: StatusStore, document: DocumentStatus, owner: str
) -> None:
    expired, valid = new_client(), new_client()
    listen(expired, connections, owner_topic(owner), int(time.time()) - 1)
    listen(valid, connections, document_topic(document.document_id))
    states = progress(store, document, 2)
    assert push_handler.push(stream(states), None) == {"batchItemFailures": []}
    assert [valid.receive() for _ in states] == [state.body() for state in states]
    assert expired.receive().items() >= {"type": "closing", "code": "token_expired"}.items()
    with pytest.raises(ConnectionClosed):
        expired.receive()
    assert connections.subscribers(owner_topic(owner)) == {}


class Troubled:
    """The client of a management API that fails for some connections, as the real one does at times."""

    def __init__(self, client: Any, error: Exception, troubled: Sequence[str], closing_fails: bool = False) -> None:
        self._client, self._error, self._troubled, self._closing_fails = client, error, troubled, closing_fails
        self.exceptions = client.exceptions
        self.sent = 0

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> Any:  # noqa: N803  AWS's names
        if ConnectionId in self._troubled and self.sent >= 2:
            raise self._error
        self.sent += ConnectionId in self._troubled
        return self._client.post_to_connection(ConnectionId=ConnectionId, Data=Data)

    def delete_connection(self, *, ConnectionId: str) -> Any:  # noqa: N803
        if self._closing_fails:
            raise self._error
        return self._client.delete_connection(ConnectionId=ConnectionId)


TIMEOUT = ReadTimeoutError(endpoint_url="https://sockets")


def throttling() -> Exception:
    answer = {"Error": {"Code": "LimitExceededException"}, "ResponseMetadata": {"HTTPStatusCode": 429}}
    return aws.socket_client().exceptions.LimitExceededException(answer, "PostToConnection")  # type: ignore[no-any-return]


def test_a_socket_that_cannot_be_written_to_is_closed(
    new_client: Callable[[], Client], connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    stuck, well = new_client(), new_client()
    for client in (stuck, well):
        listen(client, connections, document_topic(document.document_id))
    states = progress(store, document, 4)
    sockets = Sockets(Troubled(aws.socket_client(), TIMEOUT, [stuck.connection_id]))  # type: ignore[arg-type]
    assert Pusher(connections, sockets).push(updates(states)) is None
    assert [well.receive() for _ in states] == [state.body() for state in states]
    with pytest.raises(UnknownConnectionError):
        connections.get(stuck.connection_id)
    assert list(connections.subscribers(document_topic(document.document_id))) == [well.connection_id]
    assert [stuck.receive()["sequence"] for _ in range(2)] == [state.sequence for state in states[:2]]
    with pytest.raises(ConnectionClosed):
        stuck.receive()  # so that it connects again and asks for the rest


@pytest.mark.parametrize("throttled", [True, False])
def test_while_the_gateway_is_unwell_changes_are_sent_again_from_the_first_unsent(
    client: Client, connections: Connections, store: StatusStore, document: DocumentStatus, throttled: bool
) -> None:
    listen(client, connections, document_topic(document.document_id))
    error = throttling() if throttled else TIMEOUT
    troubled = Troubled(aws.socket_client(), error, [client.connection_id], closing_fails=True)
    states = progress(store, document, 4)
    assert Pusher(connections, Sockets(troubled)).push(updates(states)) == 2  # type: ignore[arg-type]
    assert connections.get(client.connection_id).topics
    assert push_handler.push(stream(states[2:]), None) == {"batchItemFailures": []}  # as it is delivered again
    assert [client.receive()["sequence"] for _ in range(4)] == [state.sequence for state in states]


def test_the_handler_reports_where_to_go_on(
    client: Client,
    connections: Connections,
    store: StatusStore,
    document: DocumentStatus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listen(client, connections, document_topic(document.document_id))
    troubled = Troubled(aws.socket_client(), throttling(), [client.connection_id])
    monkeypatch.setattr(aws, "socket_client", lambda: troubled)
    states = progress(store, document, 4)
    assert push_handler.push(stream(states), None) == {"batchItemFailures": [{"itemIdentifier": "102"}]}
    with pytest.raises(TransientError):
        push_handler.push(stream(states[2:]), None)


def test_missing_rights_are_not_mistaken_for_an_outage(
    client: Client, connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    listen(client, connections, document_topic(document.document_id))
    answer: Any = {"Error": {"Code": "ForbiddenException"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    troubled = Troubled(aws.socket_client(), ClientError(answer, "PostToConnection"), [client.connection_id])
    with pytest.raises(ClientError):
        Pusher(connections, Sockets(troubled)).push(updates(progress(store, document, 4)))  # type: ignore[arg-type]


def test_the_end_of_a_document_is_told_and_ends_its_subscriptions(
    client: Client, connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    topic = document_topic(document.document_id)
    listen(client, connections, topic)
    deleted = store.bury(document.document_id)
    assert deleted is not None
    assert push_handler.push(stream([deleted]), None) == {"batchItemFailures": []}
    told = client.receive()
    assert (told["status"], told["sequence"]) == ("deleted", document.sequence + 1)
    assert told["metadata"]["message"] == "The document was deleted"
    assert connections.subscribers(topic) == {}
    assert connections.get(client.connection_id).topics == frozenset()
