"""Push: changes of state to the sockets that subscribed to them."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from core import logs
from core.errors import TransientError
from core.status import Status
from core.status_items import owner_of, state_body
from websocket.connections import Connections, document_topic, owner_topic
from websocket.protocol import Message, TokenExpiredError
from websocket.sockets import GoneError, Sockets, ThrottledError

SENDERS = 16  #: sockets that are written to at a time
READERS = 10  #: topics that are looked up at a time: as many connections as botocore keeps open


@dataclass(frozen=True)
class Update:
    """A change of state that is to be told."""

    owner: str
    message: Message

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Update":
        """The change after which an item of the status table was as it is."""
        return cls(owner_of(item), state_body(item))

    @property
    def topics(self) -> tuple[str, str]:
        """What a socket may have subscribed to in order to hear of it."""
        return document_topic(self.message["documentId"]), owner_topic(self.owner)


class Pusher:
    """Sends changes to their subscribers, each socket's in order."""

    def __init__(self, connections: Connections, sockets: Sockets) -> None:
        self._connections = connections
        self._sockets = sockets

    def push(self, updates: Sequence[Update]) -> int | None:
        """Send the changes; answers the number of the first one that must be sent again, or None.

        A socket that cannot be written to while API Gateway is well is closed, so that it holds up nobody: its client
        connects again and asks for what it missed. So is one whose token has expired, and it is told nothing else.
        Raises TransientError when the subscribers are not known.
        """
        waiting = self._addressed(updates)
        if not waiting:
            return None
        with ThreadPoolExecutor(min(SENDERS, len(waiting))) as senders:
            unsent = list(senders.map(self._send, waiting, waiting.values(), repeat(updates)))
        first_unsent = min((number for number in unsent if number is not None), default=None)
        self._forget_deleted(updates[:first_unsent])
        return first_unsent

    def _addressed(self, updates: Sequence[Update]) -> dict[str, list[int]]:
        """For each subscribed socket the numbers of its updates, in order; those whose token has expired are closed.

        Who subscribes after this is told the state by the subscription itself.
        """
        topics = sorted({topic for update in updates for topic in update.topics})
        with ThreadPoolExecutor(READERS) as readers:
            subscribers = dict(zip(topics, readers.map(self._connections.subscribers, topics), strict=True))
        now = time.time()
        expired = {each for known in subscribers.values() for each, expires in known.items() if expires <= now}
        for connection_id in expired:
            self._end(connection_id, subscribers)
        waiting: dict[str, list[int]] = defaultdict(list)
        for number, update in enumerate(updates):
            for connection_id in {each for topic in update.topics for each in subscribers[topic]} - expired:
                waiting[connection_id].append(number)
        return waiting

    def _end(self, connection_id: str, topics: Iterable[str]) -> None:
        """Close a socket whose token has expired; one that cannot be told is forgotten, so that it hears nothing."""
        with suppress(GoneError, TransientError):
            self._sockets.post(connection_id, TokenExpiredError().answer)
            self._sockets.close(connection_id)
        self._connections.close(connection_id, topics)

    def _forget_deleted(self, updates: Iterable[Update]) -> None:
        """End the subscriptions to documents that their subscribers were told the end of."""
        for update in updates:
            if update.message["status"] != Status.DELETED:
                continue
            topic = document_topic(update.message["documentId"])
            with suppress(TransientError):  # they expire by themselves
                for connection_id in self._connections.subscribers(topic):
                    self._connections.unsubscribe(connection_id, [topic])

    def _send(self, connection_id: str, numbers: Sequence[int], updates: Sequence[Update]) -> int | None:
        """Send a socket its updates; answers the first that must be sent again."""
        for number in numbers:
            try:
                self._sockets.post(connection_id, updates[number].message)
            except GoneError:
                self._connections.close(connection_id, updates[number].topics)
                return None
            except ThrottledError:
                return number
            except TransientError:
                return None if self._drop(connection_id, updates[number]) else number
        return None

    def _drop(self, connection_id: str, update: Update) -> bool:
        """Close a socket that cannot be written to; False when API Gateway itself is not well."""
        try:
            self._sockets.close(connection_id)
        except TransientError:
            return False
        logs.warning("Socket dropped: it could not be written to", connectionId=connection_id)
        self._connections.close(connection_id, update.topics)
        return True
