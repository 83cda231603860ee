"""Push: changes of state to the sockets that subscribed to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from core import logs
from core.errors import TransientError
from core.status_items import event_body, event_owner
from websocket.connections import Connections, document_topic, owner_topic
from websocket.protocol import Message
from websocket.sockets import GoneError, Sockets, ThrottledError

SENDERS = 16  #: sockets that are written to at a time


@dataclass(frozen=True)
class Update:
    """A change of state that is to be told."""

    owner: str
    message: Message

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Update":
        """The change that an item of the audit table stands for."""
        return cls(event_owner(item), event_body(item))

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
        connects again and asks for what it missed. Raises TransientError when the subscribers are not known.
        """
        waiting = self._addressed(updates)
        if not waiting:
            return None
        with ThreadPoolExecutor(min(SENDERS, len(waiting))) as senders:
            unsent = list(senders.map(self._send, waiting, waiting.values(), repeat(updates)))
        return min((number for number in unsent if number is not None), default=None)

    def _addressed(self, updates: Sequence[Update]) -> dict[str, list[int]]:
        """For each subscribed socket the numbers of its updates, in order.

        Who subscribes after this is told the state by the subscription itself.
        """
        subscribers = {topic: self._connections.subscribers(topic) for topic in _topics(updates)}
        waiting: dict[str, list[int]] = defaultdict(list)
        for number, update in enumerate(updates):
            for connection_id in {each for topic in update.topics for each in subscribers[topic]}:
                waiting[connection_id].append(number)
        return waiting

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


def _topics(updates: Iterable[Update]) -> set[str]:
    return {topic for update in updates for topic in update.topics}
