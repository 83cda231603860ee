"""The socket protocol: what clients may ask, what they are told, and every error code. Pure.

The client sends ``{"action": "subscribe", "documentId" | "statusId": …, "after": 12}``, ``{"action": "subscribe",
"all": true}``, ``{"action": "unsubscribe", …}`` (the same, without ``after``) and ``{"action": "ping"}``.

The server sends ``subscription_confirmed`` and then the current state, or every change after ``after`` in order;
``document_status_update`` for each change; ``unsubscription_confirmed``; ``pong``; ``error`` with a code and a message;
and ``closing``, with the same, before it ends the connection.

Around a subscription and after a disturbance a change may arrive twice, and a live one among those that are replayed.
So a client that shows the state keeps the highest ``sequence`` of each document and leaves out what is not higher; one
that keeps the history puts it in the order of the sequence, which has no gaps. When the connection was lost, a client
connects again and subscribes with the highest number as ``after``.

The last change of a document has the status ``deleted``: its subscriptions end with it, and the same name is from then
on another document, with an id of its own.

A connection does not outlive the token that it was opened with. From then on no change is sent, and the next request,
or the next change that it would have been told, is answered with ``closing`` and the code ``token_expired``. The client
connects again with a new token.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.errors import RagError

Message = dict[str, Any]

MAX_FRAME_BYTES = 32 * 1024  #: of API Gateway; a bigger message would be billed as, and may arrive as, several
LONGEST_STATUS_ID, LONGEST_DOCUMENT_ID = 1100, 64  #: characters: bucket (63), #, key (1024); UUID
HIGHEST_SEQUENCE = 10**15
#: What is left of the metadata of a message that would not fit a frame
SHORT_METADATA = (
    "progress",
    "generation",
    "totalPages",
    "pagesDone",
    "code",
    "stage",
    "retryable",
    "chunks",
    "gapCount",
)


class ErrorCode(StrEnum):
    """Why a request was not done."""

    BAD_REQUEST = "bad_request"  #: malformed: not JSON, wrong types, unknown or missing fields
    UNKNOWN_ACTION = "unknown_action"  #: well-formed, but there is no such action
    NOT_FOUND = "not_found"  #: no such document, or not one of the caller's
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"  #: unsubscribe from something first
    RATE_LIMITED = "rate_limited"  #: too many requests in this minute; wait, for the server closes what goes on so
    UNAVAILABLE = "unavailable"  #: a failure on the server's side that will pass; ask again
    NOT_CONNECTED = "not_connected"  #: the server forgot this socket and closes it; connect again
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  #: the token it was opened with has ended; connect with a new one


class RequestError(RagError):
    """A request that is answered with an error."""

    def __init__(self, code: ErrorCode, message: str, **about: str) -> None:
        super().__init__(message)
        self.code = code
        self.answer: Message = {"type": "error", "code": str(code), "message": message, **about}


class ClosingError(RequestError):
    """A request that is answered with the end of the connection."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.answer["type"] = "closing"


class NotConnectedError(ClosingError):
    """The server does not know this socket, so that it could not push to it; it is closed."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.NOT_CONNECTED, "This connection has ended; please connect again.")


class TokenExpiredError(ClosingError):
    """The token that the socket was opened with has expired: nothing more is told or taken; it is closed."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.TOKEN_EXPIRED, "Your token has expired; please connect again with a new one.")


@dataclass(frozen=True)
class Target:
    """What a client subscribes to, or unsubscribes from: one document by either of its names, or all."""

    document_id: str | None = None
    status_id: str | None = None
    after: int | None = None  #: replay the changes after this sequence number

    @property
    def everything(self) -> bool:
        """Whether it is all of the client's documents."""
        return self.document_id is None and self.status_id is None

    @property
    def names(self) -> dict[str, str]:
        """The names that the client gave."""
        names = {"documentId": self.document_id, "statusId": self.status_id}
        return {name: value for name, value in names.items() if value is not None}


def request(body: str | None) -> Message:
    """The request that a frame holds; raises RequestError when it is not an object with an action."""
    try:
        content = json.loads(body or "")
    except (ValueError, RecursionError) as error:
        raise _bad("The message is not JSON.") from error
    if not isinstance(content, dict):
        raise _bad("The message is not a JSON object.")
    if not isinstance(content.get("action"), str):
        raise _bad("The message needs an action, as text.")
    return content


def target(body: str | None, *, replay: bool) -> Target:
    """What a subscription is about; with ``replay`` it may say from where on. Raises RequestError."""
    fields = request(body)
    del fields["action"]
    allowed = {"documentId", "statusId", "all"} | ({"after"} if replay else set())
    if unknown := sorted(set(fields) - allowed):
        raise _bad(f"Unknown field: {unknown[0][:50]}.")
    after = fields.pop("after", None)
    if len(fields) != 1:
        raise _bad("Give exactly one of documentId, statusId and all.")
    if "all" in fields:
        if fields["all"] is not True or after is not None:
            raise _bad("all must be true, and goes without after.")
        return Target()
    return Target(
        document_id=_name(fields, "documentId", LONGEST_DOCUMENT_ID),
        status_id=_name(fields, "statusId", LONGEST_STATUS_ID),
        after=_sequence(after),
    )


def confirmed(kind: str, about: Mapping[str, Any], message: str) -> Message:
    """The answer to a request that was done: ``subscription_confirmed`` or ``unsubscription_confirmed``."""
    return {"type": kind, **about, "message": message}


def pong() -> Message:
    """The answer to a ping."""
    return {"type": "pong", "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as one frame; what is too long for a frame is shortened and says so with ``truncated``."""
    data = _json(message)
    if len(data) <= MAX_FRAME_BYTES:
        return data
    metadata = message.get("metadata", {})
    short = {name: metadata[name] for name in SHORT_METADATA if name in metadata}
    return _json({**message, "metadata": {**short, "truncated": True}})


def _json(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _name(fields: Mapping[str, Any], field: str, longest: int) -> str | None:
    if field not in fields:
        return None
    value = fields[field]
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise _bad(f"{field} must be a text of 1 to {longest} characters.")
    return value


def _sequence(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= HIGHEST_SEQUENCE:
        raise _bad("after must be a whole number, 0 or more.")
    return value


def _bad(message: str) -> RequestError:
    return RequestError(ErrorCode.BAD_REQUEST, message)
