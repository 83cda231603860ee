"""Status over the deployed stack: real tokens, the real WebSocket API, and the stream of the status table."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.status import Status
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.stacks import RunningStack, User
from websocket.connections import Connections, document_topic

PATIENCE_SECONDS = 30  #: functions start on their first call

Connect = Callable[[User], ClientConnection]


@pytest.fixture
def store(stack: RunningStack) -> StatusStore:
    return StatusStore(stack.client("dynamodb"), stack.settings("async_document_processor"))


@pytest.fixture
def connections(stack: RunningStack) -> Connections:
    table = stack.settings("websocket_connect").websocket_connections_table
    return Connections(stack.client("dynamodb"), table)


@pytest.fixture(scope="module")
def ann(stack: RunningStack) -> User:
    return stack.new_user()


@pytest.fixture(scope="module")
def bob(stack: RunningStack) -> User:
    return stack.new_user()


@pytest.fixture
def connected(stack: RunningStack) -> Iterator[Connect]:
    """Connects users; they are disconnected after the test."""
    with ExitStack() as opened:
        yield lambda user: opened.enter_context(
            connect(f"{stack.endpoints.websocket}?token={user.token}", open_timeout=PATIENCE_SECONDS)
        )


def ask(socket: ClientConnection, **request: Any) -> dict[str, Any]:
    """The first answer to a request."""
    socket.send(json.dumps(request))
    return receive(socket)


def receive(socket: ClientConnection, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    return dict(json.loads(socket.recv(timeout=patience_seconds)))


def hear(socket: ClientConnection, after: int, last: int) -> list[dict[str, Any]]:
    """The changes of the document after one up to another, as a client takes them that shows the state."""
    heard: list[dict[str, Any]] = []
    while after < last:
        message = receive(socket)
        if message["sequence"] > after:  # lower ones were told by the subscription already
            after = message["sequence"]
            heard.append(message)
    return heard


def is_silent(socket: ClientConnection) -> bool:
    try:
        receive(socket, 1.0)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("query", ["", "?token=", "?token=forged", "?user=somebody"])
def test_without_a_genuine_token_there_is_no_socket(stack: RunningStack, query: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, connect(stack.endpoints.websocket + query):
        pass
    assert refusal.value.response.status_code in {401, 403}


def test_an_owner_hears_everything_in_order(connected: Connect, store: StatusStore, ann: User, bob: User) -> None:
    watching, watching_all, stranger = connected(ann), connected(ann), connected(bob)
    file = upload(f"{ann.sub}/{uuid4().hex}.pdf", owner=ann.principal)
    announced = store.expect(
        bucket=file.bucket,
        key=file.key,
        owner=file.owner,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
    )
    document = {"documentId": announced.document_id}
    assert ask(watching, action="subscribe", **document)["type"] == "subscription_confirmed"
    assert receive(watching) == announced.body()
    assert ask(watching_all, action="subscribe", all=True)["type"] == "subscription_confirmed"
    assert receive(watching_all) == announced.body()
    assert ask(stranger, action="subscribe", **document)["code"] == "not_found"
    assert ask(stranger, action="subscribe", all=True)["type"] == "subscription_confirmed"

    begun = store.queued(store.begin(file, total_pages=10, parts=1).status)
    for page in range(1, 11):
        store.report(job(begun), Status.EMBEDDING, fraction=page / 10, pages_done=page)
    done = store.finish(job(begun), Status.COMPLETED, {"chunks": 20, "seconds": 1.5})
    assert done is not None

    missed = store.events(announced.document_id, after=1)
    assert len(missed) == 13
    for socket in (watching, watching_all):
        assert hear(socket, after=1, last=done.sequence) == missed
    assert missed[-1] == done.body()
    assert is_silent(stranger)

    late = connected(ann)
    assert ask(late, action="subscribe", statusId=done.status_id, after=8)["type"] == "subscription_confirmed"
    assert hear(late, after=8, last=done.sequence) == store.events(announced.document_id, after=8)


def test_requests_and_their_answers(connected: Connect, store: StatusStore, ann: User) -> None:
    begun = store.begin(upload(f"{ann.sub}/{uuid4().hex}.pdf", owner=ann.principal)).status
    socket, document = connected(ann), {"documentId": begun.document_id}
    assert ask(socket, action="ping")["type"] == "pong"
    assert ask(socket, action="dance")["code"] == "unknown_action"
    socket.send('{"action": "$disconnect"}')  # not for clients: ignored
    assert ask(socket, action="subscribe")["code"] == "bad_request"
    socket.send("not JSON")
    assert receive(socket)["code"] == "bad_request"
    assert ask(socket, action="subscribe", **document)["type"] == "subscription_confirmed"
    assert receive(socket) == begun.body()
    assert is_silent(socket) or is_silent(socket)  # its beginning may still be pushed
    assert ask(socket, action="unsubscribe", **document)["type"] == "unsubscription_confirmed"
    store.cancel(begun.document_id)
    assert is_silent(socket)


def test_a_client_that_leaves_is_forgotten(
    connected: Connect, connections: Connections, store: StatusStore, ann: User
) -> None:
    begun = store.begin(upload(f"{ann.sub}/{uuid4().hex}.pdf", owner=ann.principal)).status
    socket, topic = connected(ann), document_topic(begun.document_id)
    assert ask(socket, action="subscribe", documentId=begun.document_id)["type"] == "subscription_confirmed"
    assert len(connections.subscribers(topic)) == 1
    socket.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while connections.subscribers(topic) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert connections.subscribers(topic) == {}


def test_deleting_a_running_document_tells_its_watchers(connected: Connect, store: StatusStore, ann: User) -> None:
    begun = store.begin(upload(f"{ann.sub}/{uuid4().hex}.pdf", owner=ann.principal)).status
    socket = connected(ann)
    assert ask(socket, action="subscribe", documentId=begun.document_id)["type"] == "subscription_confirmed"
    assert receive(socket) == begun.body()
    store.delete(begun.document_id)
    [message] = hear(socket, after=1, last=2)
    assert message["status"] == "deleted"
