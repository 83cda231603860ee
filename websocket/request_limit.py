"""The request limit: how many requests one socket may send in a minute."""

import time
from collections.abc import Iterator

from core import logs
from core.errors import TransientError
from websocket.connections import Connections
from websocket.protocol import ClosingError, ErrorCode, Message, RequestError

ABUSE = 2  #: times the limit: who has not stopped by then is disconnected


def within_limit(
    connections: Connections, connection_id: str, messages: Iterator[Message], limit: int
) -> Iterator[Message]:
    """The messages that answer a request, if the socket may send one more in this minute (limit 0: always).

    Raises RequestError above the limit, and ClosingError far above it. A request that could not be counted is answered.
    """
    count = _count(connections, connection_id) if limit > 0 else 0
    if count > ABUSE * limit > 0:
        raise ClosingError(ErrorCode.RATE_LIMITED, "Far too many requests; the connection is closed.")
    if count > limit > 0:
        raise RequestError(ErrorCode.RATE_LIMITED, f"Too many requests: {limit:,} a minute are answered.")
    yield from messages


def _count(connections: Connections, connection_id: str) -> int:
    try:
        return connections.count_request(connection_id, int(time.time()) // 60)
    except TransientError:
        logs.warning("Request not counted: the table of sockets does not answer", connectionId=connection_id)
        return 0
