"""Lambda: what clients say on a socket in; the answers go out on the socket itself.

API Gateway delivers nothing that these routes return, so every answer is posted to the connection.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

from core import aws, logs, metrics
from core.settings import settings
from websocket import exchange, protocol
from websocket.connections import Connections, TooManySocketsError
from websocket.protocol import ErrorCode, Message, RequestError, TokenExpiredError
from websocket.request_limit import within_limit
from websocket.sockets import Sockets
from websocket.subscriptions import Subscriptions

DONE = {"statusCode": 200}
TOO_MANY = {"statusCode": 429}


def connect(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``$connect``: record the socket of the caller whom the authorizer verified."""
    if not _is(event, "CONNECT"):
        return _ignored(event)
    caller = event["requestContext"]["authorizer"]
    principals = json.loads(caller["principals"])
    try:
        _connections().open(_connection_id(event), principals, int(caller["exp"]), settings().max_sockets)
    except TooManySocketsError:
        metrics.put({"SocketsRefused": 1})
        logs.warning("Socket refused: its owner has too many open", connectionId=_connection_id(event))
        return TOO_MANY
    metrics.put({"SocketsOpened": 1})
    logs.info("Socket opened", connectionId=_connection_id(event), principals=len(principals))
    return DONE


def disconnect(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``$disconnect``: forget the socket and all that it subscribed to."""
    if not _is(event, "DISCONNECT"):
        return _ignored(event)
    _connections().close(_connection_id(event))
    code = event["requestContext"].get("disconnectStatusCode")
    metrics.put({"SocketsClosed": 1})
    logs.info("Socket closed", connectionId=_connection_id(event), code=code)
    return DONE


def subscribe(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``subscribe``."""
    return _answer(event, _subscribed(event))


def unsubscribe(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``unsubscribe``."""
    return _answer(event, _unsubscribed(event))


def ping(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``ping``, by which clients keep an idle socket open."""
    return _answer(event, iter([protocol.pong()]))


def default_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of ``$default``: whatever is not understood."""
    return _answer(event, _unknown(event))


def _subscribed(event: dict[str, Any]) -> Iterator[Message]:
    target = protocol.target(event.get("body"), replay=True)
    yield from _subscriptions().subscribe(_connection_id(event), target)


def _unsubscribed(event: dict[str, Any]) -> Iterator[Message]:
    target = protocol.target(event.get("body"), replay=False)
    yield from _subscriptions().unsubscribe(_connection_id(event), target)


def _unknown(event: dict[str, Any]) -> Iterator[Message]:
    action = protocol.request(event.get("body"))["action"]
    raise RequestError(ErrorCode.UNKNOWN_ACTION, f"There is no action {action[:50]!r}.")
    yield  # makes this an iterator that fails, like the others, when its answer is asked for


def _answer(event: dict[str, Any], messages: Iterator[Message]) -> dict[str, Any]:
    connection_id, route = _connection_id(event), event["requestContext"]["routeKey"]
    counted = Connections(aws.counting_client(), settings().need("websocket_connections_table"))
    limit = settings().socket_requests_a_minute
    answers = within_limit(counted, connection_id, _while_valid(event, messages), limit)
    outcome = exchange.answer(Sockets(aws.socket_client()), connection_id, answers)
    logs.info("Socket request", route=route, outcome=outcome, connectionId=connection_id)
    return DONE


def _while_valid(event: dict[str, Any], messages: Iterator[Message]) -> Iterator[Message]:
    """The messages; raises TokenExpiredError when the token has ended of which API Gateway reminds with each frame."""
    expires = event["requestContext"].get("authorizer", {}).get("exp")
    if expires is not None and int(expires) <= time.time():
        raise TokenExpiredError
    yield from messages


def _is(event: dict[str, Any], kind: str) -> bool:
    """Whether the route was taken by what it is for, and not by a frame whose action bears its name."""
    return bool(event["requestContext"]["eventType"] == kind)


def _ignored(event: dict[str, Any]) -> dict[str, Any]:
    """Nothing is done, nor answered: these routes have no right to write to sockets."""
    logs.warning("Frame ignored", route=event["requestContext"]["routeKey"], connectionId=_connection_id(event))
    return {"statusCode": 400}


def _connection_id(event: dict[str, Any]) -> str:
    return str(event["requestContext"]["connectionId"])


def _connections() -> Connections:
    return Connections(aws.client("dynamodb"), settings().need("websocket_connections_table"))


def _subscriptions() -> Subscriptions:
    return Subscriptions(_connections(), aws.status_store())
