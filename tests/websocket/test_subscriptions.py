"""The order of a subscription: first the topic, then the state, so that nothing falls between the two."""

import pytest

from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.websocket.clients import LATER
from websocket.connections import Connections, document_topic
from websocket.protocol import NotConnectedError, RequestError, Target
from websocket.subscriptions import Subscriptions


@pytest.fixture
def document(store: StatusStore, owner: str) -> DocumentStatus:
    return store.begin(upload(f"{owner}/a.pdf", owner=owner), total_pages=9, parts=1).status


@pytest.fixture
def subscriptions(connections: Connections, store: StatusStore, owner: str) -> Subscriptions:
    connections.open("socket", [owner], LATER)
    return Subscriptions(connections, store)


def test_a_change_between_subscribing_and_the_state_is_not_missed(
    subscriptions: Subscriptions, connections: Connections, store: StatusStore, document: DocumentStatus
) -> None:
    messages = subscriptions.subscribe("socket", Target(document_id=document.document_id))
    assert next(messages)["type"] == "subscription_confirmed"
    assert "socket" in connections.subscribers(document_topic(document.document_id))  # from here on it is pushed
    changed = store.report(job(document), Status.EMBEDDING, fraction=0.5)
    assert changed is not None and list(messages) == [changed.body()]


def test_changes_during_a_replay_are_in_it(
    subscriptions: Subscriptions, store: StatusStore, document: DocumentStatus
) -> None:
    messages = subscriptions.subscribe("socket", Target(document_id=document.document_id, after=0))
    assert [next(messages)["type"] for _ in range(2)] == ["subscription_confirmed", "document_status_update"]
    changed = store.report(job(document), Status.EMBEDDING, fraction=0.5)
    assert changed is not None and list(messages) == [changed.body()]


def test_a_document_that_is_deleted_meanwhile_is_not_told(
    subscriptions: Subscriptions, store: StatusStore, document: DocumentStatus
) -> None:
    messages = subscriptions.subscribe("socket", Target(status_id=document.status_id))
    next(messages)
    store.delete(document.document_id)
    assert list(messages) == []


def test_a_refused_subscription_leaves_no_topic(
    subscriptions: Subscriptions, connections: Connections, document: DocumentStatus
) -> None:
    connections.open("stranger", ["user:mallory"], LATER)
    for everything in (subscriptions.subscribe, subscriptions.unsubscribe):
        with pytest.raises(RequestError, match="no such document"):
            list(everything("stranger", Target(status_id=document.status_id)))
    assert list(connections.subscribers(document_topic(document.document_id))) == []


def test_a_closed_socket_cannot_subscribe(
    subscriptions: Subscriptions, connections: Connections, document: DocumentStatus
) -> None:
    connections.close("socket")
    for request in (subscriptions.subscribe, subscriptions.unsubscribe):
        with pytest.raises(NotConnectedError):
            list(request("socket", Target(document_id=document.document_id)))
