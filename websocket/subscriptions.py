"""Subscriptions: which documents a socket watches, and what it is told at the start."""

import time
from collections.abc import Iterator, Sequence

from core.status import FINAL, DocumentStatus
from core.status_store import StatusStore
from websocket.connections import Connection, Connections, UnknownConnectionError, document_topic, owner_topic
from websocket.protocol import ErrorCode, Message, NotConnectedError, RequestError, Target, TokenExpiredError, confirmed

REPLAYED_AT_ONCE = 100
RECENT = 100  #: of a caller's documents, those among which the unfinished ones are told on ``all``


class Subscriptions:
    """Answers requests to subscribe and unsubscribe.

    A topic is recorded before the state is read, so that no change falls between the two; one may be told twice.
    """

    def __init__(self, connections: Connections, statuses: StatusStore) -> None:
        self._connections = connections
        self._statuses = statuses

    def subscribe(self, connection_id: str, target: Target) -> Iterator[Message]:
        """Messages for the socket: the confirmation, then the current state or what was missed.

        Raises RequestError when the document is not one of the caller's, the socket has too many topics or its token
        has expired.
        """
        connection = self._connection(connection_id)
        yield from (
            self._subscribe_all(connection, target) if target.everything else self._subscribe_one(connection, target)
        )

    def unsubscribe(self, connection_id: str, target: Target) -> Iterator[Message]:
        """Message for the socket: the confirmation, also when it was not subscribed. Raises RequestError."""
        connection = self._connection(connection_id)
        self._connections.unsubscribe(connection_id, self._topics(connection, target))
        about = {"all": True} if target.everything else target.names
        yield confirmed("unsubscription_confirmed", about, "No further changes will be sent.")

    def _subscribe_one(self, connection: Connection, target: Target) -> Iterator[Message]:
        document = self._owned(connection, target)
        self._record(connection, [document_topic(document.document_id)])
        about = {"statusId": document.status_id, "documentId": document.document_id}
        yield confirmed("subscription_confirmed", about, "Changes of the document will be sent.")
        if target.after is None:
            yield from self._current(document)
        else:
            yield from self._missed(document, target.after)

    def _subscribe_all(self, connection: Connection, target: Target) -> Iterator[Message]:
        self._record(connection, self._topics(connection, target))
        yield confirmed("subscription_confirmed", {"all": True}, "Changes of all your documents will be sent.")
        recent, _following = self._statuses.list(connection.principals, limit=RECENT)
        for document in recent:
            if document.status not in FINAL:
                yield from self._current(document)

    def _current(self, document: DocumentStatus) -> Iterator[Message]:
        """The document's state as it is now, unless it was deleted; lists and earlier reads may be behind."""
        current = self._statuses.get(document.status_id)
        if current and current.document_id == document.document_id:
            yield current.body()

    def _missed(self, document: DocumentStatus, after: int) -> Iterator[Message]:
        """Every change after a sequence number; the state itself where the history does not reach back."""
        while events := self._statuses.events(document.document_id, after=after, limit=REPLAYED_AT_ONCE):
            yield from events
            after = events[-1]["sequence"]
        if after < document.sequence:
            yield document.body()

    def _connection(self, connection_id: str) -> Connection:
        """The socket's record; raises ClosingError when there is none, or none that is still good."""
        try:
            connection = self._connections.get(connection_id)
        except UnknownConnectionError as error:
            raise NotConnectedError from error
        if connection.expires <= time.time():
            raise TokenExpiredError
        return connection

    def _record(self, connection: Connection, topics: Sequence[str]) -> None:
        if len(connection.topics.union(topics)) > self._statuses.settings.max_subscriptions:
            raise RequestError(ErrorCode.TOO_MANY_SUBSCRIPTIONS, "This connection has too many subscriptions.")
        try:
            self._connections.subscribe(connection.connection_id, topics, connection.expires)
        except UnknownConnectionError as error:
            raise NotConnectedError from error

    def _topics(self, connection: Connection, target: Target) -> list[str]:
        """The topics of a target; a document's id is taken as it is, so that a deleted one can be given up too."""
        if target.everything:
            return [owner_topic(principal) for principal in connection.principals]
        return [document_topic(target.document_id or self._owned(connection, target).document_id)]

    def _owned(self, connection: Connection, target: Target) -> DocumentStatus:
        """The document, if it is one of the caller's: another's is answered as one that does not exist."""
        document = self._statuses.resolve(target.document_id or target.status_id or "")
        if document is None or document.owner not in connection.principals:
            raise RequestError(ErrorCode.NOT_FOUND, "There is no such document.", **target.names)
        return document
