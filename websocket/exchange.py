"""The exchange: one frame of a client and the answers to it."""

from collections.abc import Iterator

from core import logs
from core.errors import TransientError
from websocket.protocol import ClosingError, ErrorCode, Message, RequestError
from websocket.sockets import GoneError, Sockets

UNAVAILABLE = RequestError(ErrorCode.UNAVAILABLE, "The service is unavailable just now; please try again.")


def answer(sockets: Sockets, connection_id: str, messages: Iterator[Message]) -> str:
    """Send the messages in order, or the error that making them ends with; says how it went, for the log."""
    try:
        return _send(sockets, connection_id, messages)
    except GoneError:  # its $disconnect event clears up
        return "gone"


def _send(sockets: Sockets, connection_id: str, messages: Iterator[Message]) -> str:
    try:
        for message in messages:
            sockets.post(connection_id, message)
    except ClosingError as error:
        sockets.post(connection_id, error.answer)
        sockets.close(connection_id)
        return error.code
    except RequestError as error:
        sockets.post(connection_id, error.answer)
        return error.code
    except TransientError:
        logs.error("Request on a socket failed", connectionId=connection_id)
        sockets.post(connection_id, UNAVAILABLE.answer)
        return UNAVAILABLE.code
    return "answered"
