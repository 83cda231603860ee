"""What a client hears when it subscribes: the handlers, run on the connections of real clients."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from core import aws
from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.websocket.clients import LATER, Client
from websocket import handlers
from websocket.connections import Connections, UnknownConnectionError, document_topic, owner_topic


def connect(client: Client, *principals: str, expires: int = LATER) -> None:
    """Record the client as one whom the authorizer let in."""
    verified = {"principals": json.dumps(principals), "exp": str(expires)}
    event = client.event("$connect", kind="CONNECT", authorizer=verified)
    assert handlers.connect(event, None) == {"statusCode": 200}


def subscribe(client: Client, **fields: Any) -> None:
    event = client.event("subscribe", {"action": "subscribe", **fields})
    assert handlers.subscribe(event, None) == {"statusCode": 200}


def unsubscribe(client: Client, **fields: Any) -> None:
    handlers.unsubscribe(client.event("unsubscribe", {"action": "unsubscribe", **fields}), None)


@pytest.fixture
def document(store: StatusStore, owner: str) -> DocumentStatus:
    return store.begin(upload(f"{owner}/a.pdf", owner=owner), total_pages=9, parts=1).status


def test_a_subscriber_hears_the_current_state_at_once(
    client: Client, document: DocumentStatus, store: StatusStore, owner: str, connections: Connections
) -> None:
    latest = store.report(job(document), Status.EMBEDDING, fraction=0.5, pages_done=4)
    connect(client, owner)
    for name in ({"documentId": document.document_id}, {"statusId": document.status_id}):
        subscribe(client, **name)
        confirmation = client.receive()
        assert confirmation.pop("message")
        assert confirmation == {
            "type": "subscription_confirmed",
            "statusId": document.status_id,
            "documentId": document.document_id,
        }
        assert latest is not None and client.receive() == latest.body()
    assert list(connections.subscribers(document_topic(document.document_id))) == [client.connection_id]


def test_missed_changes_are_replayed_in_order(
    client: Client, document: DocumentStatus, store: StatusStore, owner: str
) -> None:
    for page in range(1, 8):
        store.report(job(document), Status.EMBEDDING, fraction=page / 10, pages_done=page)
    connect(client, owner)
    subscribe(client, documentId=document.document_id, after=3)
    assert client.receive()["type"] == "subscription_confirmed"
    assert [client.receive() for _ in range(5)] == store.events(document.document_id, after=3)
    subscribe(client, documentId=document.document_id, after=8)
    assert client.receive()["type"] == "subscription_confirmed"
    assert client.is_silent()


def test_a_long_history_is_replayed_whole(
    client: Client, document: DocumentStatus, store: StatusStore, owner: str
) -> None:
    for step in range(1, 240):
        store.report(job(document), Status.EMBEDDING, fraction=step / 1000)
    connect(client, owner)
    subscribe(client, documentId=document.document_id, after=0)
    assert client.receive()["type"] == "subscription_confirmed"
    assert [client.receive()["sequence"] for _ in range(240)] == list(range(1, 241))


def test_where_the_history_has_expired_the_state_is_told(client: Client, document: DocumentStatus, owner: str) -> None:
    key = {"documentId": {"S": document.document_id}, "sequence": {"N": "1"}}
    aws.client("dynamodb").delete_item(TableName="DocumentAuditTable", Key=key)
    connect(client, owner)
    subscribe(client, statusId=document.status_id, after=0)
    assert client.receive()["type"] == "subscription_confirmed"
    assert client.receive() == document.body()


def test_others_documents_look_as_if_they_did_not_exist(
    client: Client, document: DocumentStatus, connections: Connections
) -> None:
    connect(client, "user:mallory", "group:law")
    answers = []
    for name in (document.document_id, "d-unknown"):
        subscribe(client, documentId=name)
        answers.append({key: value for key, value in client.receive().items() if key != "documentId"})
    for name in (document.status_id, "uploads#mallory/unknown.pdf"):
        subscribe(client, statusId=name)
        answers.append({key: value for key, value in client.receive().items() if key != "statusId"})
    assert answers == [{"type": "error", "code": "not_found", "message": "There is no such document."}] * 4
    assert connections.get(client.connection_id).topics == frozenset()


def test_a_group_may_watch_its_documents(client: Client, store: StatusStore) -> None:
    group = f"group:{uuid4().hex}"
    shared = store.begin(upload(f"{group}/a.pdf", owner=group)).status
    connect(client, "user:ann", group)
    subscribe(client, documentId=shared.document_id)
    assert client.receive()["type"] == "subscription_confirmed"
    assert client.receive() == shared.body()


def test_all_tells_the_unfinished_documents(
    client: Client, store: StatusStore, owner: str, connections: Connections
) -> None:
    group = f"group:{uuid4().hex}"
    states = [store.begin(upload(f"{owner}/{n}.pdf", owner=group if n == 2 else owner)).status for n in range(4)]
    store.finish(job(states[1]), Status.COMPLETED)
    connect(client, owner, group)
    subscribe(client, all=True)
    confirmation = client.receive()
    assert confirmation.items() >= {"type": "subscription_confirmed", "all": True}.items()
    assert [client.receive() for _ in range(3)] == [states[n].body() for n in (3, 2, 0)]
    assert client.is_silent()
    assert connections.get(client.connection_id).topics == {owner_topic(owner), owner_topic(group)}


def test_one_socket_has_many_subscriptions_and_a_limit(
    client: Client, store: StatusStore, owner: str, connections: Connections
) -> None:
    states = [store.begin(upload(f"{owner}/{n}.pdf", owner=owner)).status for n in range(5)]
    connect(client, owner)
    for state in states[:4]:
        subscribe(client, documentId=state.document_id)
        assert [client.receive()["type"] for _ in range(2)] == ["subscription_confirmed", "document_status_update"]
    subscribe(client, documentId=states[4].document_id)
    assert client.receive()["code"] == "too_many_subscriptions"
    subscribe(client, documentId=states[0].document_id)  # again: not one more
    assert client.receive()["type"] == "subscription_confirmed"
    assert client.receive() == states[0].body()
    assert len(connections.get(client.connection_id).topics) == 4


def test_unsubscribing(
    client: Client, document: DocumentStatus, store: StatusStore, owner: str, connections: Connections
) -> None:
    connect(client, owner)
    for name in ({"documentId": document.document_id}, {"statusId": document.status_id}, {"all": True}):
        subscribe(client, **name)
        assert [client.receive()["type"] for _ in range(2)] == ["subscription_confirmed", "document_status_update"]
        for _ in range(2):
            unsubscribe(client, **name)
            assert client.receive().items() >= {"type": "unsubscription_confirmed", **name}.items()
        assert connections.get(client.connection_id).topics == frozenset()
    unsubscribe(client, statusId="uploads#nothing")
    assert client.receive()["code"] == "not_found"


def test_a_deleted_document_can_be_unsubscribed_from(
    client: Client, document: DocumentStatus, store: StatusStore, owner: str, connections: Connections
) -> None:
    connect(client, owner)
    subscribe(client, documentId=document.document_id)
    assert [client.receive()["type"] for _ in range(2)] == ["subscription_confirmed", "document_status_update"]
    store.delete(document.document_id)
    unsubscribe(client, documentId=document.document_id)
    assert client.receive()["type"] == "unsubscription_confirmed"
    assert connections.get(client.connection_id).topics == frozenset()


def test_ping(client: Client, configured: object) -> None:
    handlers.ping(client.event("ping", {"action": "ping"}), None)
    assert client.receive()["type"] == "pong"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"action": "dance"}', "unknown_action"),
        ('{"action": "$connect"}', "unknown_action"),
        ("dance", "bad_request"),
        ('{"documentId": "d"}', "bad_request"),
        ('{"action": ["ping"]}', "bad_request"),
    ],
)
def test_what_is_not_understood_is_answered(client: Client, configured: object, body: str, code: str) -> None:
    handlers.default_handler(client.event("$default", body), None)
    answer = client.receive()
    assert (answer["type"], answer["code"]) == ("error", code)
    assert answer["message"]


def test_a_malformed_subscription_is_answered(client: Client, owner: str, configured: object) -> None:
    connect(client, owner)
    for body in ({"action": "subscribe"}, {"action": "subscribe", "documentId": 3}, "{"):
        handlers.subscribe(client.event("subscribe", body), None)
        assert client.receive()["code"] == "bad_request"


@pytest.mark.parametrize("handler", [handlers.connect, handlers.disconnect])
def test_a_frame_cannot_pose_as_a_connection_event(
    client: Client, owner: str, connections: Connections, handler: Callable[..., Any]
) -> None:
    connect(client, owner)
    forged: dict[str, Any] = {"authorizer": {"principals": '["user:victim"]'}}
    assert handler(client.event("$connect", {"action": "$connect"}, **forged), None) == {"statusCode": 400}
    assert connections.get(client.connection_id).principals == (owner,)


def test_a_socket_that_is_not_recorded_is_closed(client: Client, configured: object) -> None:
    subscribe(client, documentId="d")
    assert client.receive().items() >= {"type": "closing", "code": "not_connected"}.items()
    with pytest.raises(ConnectionClosed):
        client.receive()


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
def test_a_socket_does_not_outlive_its_token(
    client: Client, document: DocumentStatus, owner: str, connections: Connections, action: str
) -> None:
    connect(client, owner, expires=int(time.time()))
    {"subscribe": subscribe, "unsubscribe": unsubscribe}[action](client, documentId=document.document_id)
    assert client.receive().items() >= {"type": "closing", "code": "token_expired"}.items()
    with pytest.raises(ConnectionClosed):
        client.receive()
    assert connections.get(client.connection_id).topics == frozenset()


@pytest.mark.parametrize("handler", [handlers.ping, handlers.default_handler])
def test_nor_is_it_kept_open_by_pings(client: Client, configured: object, handler: Callable[..., Any]) -> None:
    handler(client.event("ping", {"action": "ping"}, authorizer={"exp": "1"}), None)
    assert client.receive()["code"] == "token_expired"
    with pytest.raises(ConnectionClosed):
        client.receive()


def test_disconnecting_forgets_the_socket(
    client: Client, document: DocumentStatus, owner: str, connections: Connections
) -> None:
    connect(client, owner)
    subscribe(client, documentId=document.document_id)
    handlers.disconnect(client.event("$disconnect", kind="DISCONNECT", disconnectStatusCode=1001), None)
    assert list(connections.subscribers(document_topic(document.document_id))) == []
    with pytest.raises(UnknownConnectionError):
        connections.get(client.connection_id)


def test_connecting_without_a_verified_caller_fails(client: Client, configured: object) -> None:
    with pytest.raises(KeyError):
        handlers.connect(client.event("$connect", kind="CONNECT"), None)


def test_every_invocation_leaves_a_log_line(
    client: Client, configured: object, caplog: pytest.LogCaptureFixture
) -> None:
    handlers.ping(client.event("ping", {"action": "ping"}), None)
    handlers.default_handler(client.event("$default", "secret words"), None)
    lines = [vars(record) for record in caplog.records]
    assert [(line["route"], line["outcome"]) for line in lines] == [("ping", "answered"), ("$default", "bad_request")]
    assert "secret" not in str(lines)
