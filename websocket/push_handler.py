"""Lambda: the stream of the status table in, every change to the sockets that subscribed to it."""

from typing import Any

from core import aws, logs, metrics
from core.errors import TransientError
from core.settings import settings
from websocket.connections import Connections
from websocket.push import Pusher, Update
from websocket.sockets import Sockets


def push(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the first change that must be delivered again, and with it all later ones.

    When that is the very first it raises, so that the failure is counted as one.
    """
    records = [record for record in event["Records"] if record["eventName"] != "REMOVE"]
    updates = [Update.of(record["dynamodb"]["NewImage"]) for record in records]
    unsent = _pusher().push(updates)
    left = 0 if unsent is None else len(updates) - unsent
    metrics.put({"ChangesPushed": len(updates) - left, "ChangesUnsent": left})
    logs.info("Changes pushed", changes=len(updates), unsent=left)
    if unsent is None:
        return {"batchItemFailures": []}
    if unsent == 0:
        raise TransientError("API Gateway does not take messages")
    return {"batchItemFailures": [{"itemIdentifier": records[unsent]["dynamodb"]["SequenceNumber"]}]}


def _pusher() -> Pusher:
    connections = Connections(aws.client("dynamodb"), settings().need("websocket_connections_table"))
    return Pusher(connections, Sockets(aws.socket_client()))
