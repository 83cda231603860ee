"""Connections: the open sockets and their subscriptions, in DynamoDB.

Each socket has a record that lists its topics; each topic has an item for every socket that wants it. The record is
written first and removed first, so that a topic is never left behind unnoticed. One topic, to which nothing is sent,
is that of a caller's sockets: its items are counted.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import RagError
from core.outages import outage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIFETIME_SECONDS = 24 * 3600  #: API Gateway ends a socket after two hours; this clears what was left behind
SOCKET_SECONDS = 2 * 3600 + 600  #: a socket that still counts then has ended without our being told
WRITTEN_AT_ONCE = 25  #: as many as DynamoDB takes


class UnknownConnectionError(RagError):
    """There is no record of the socket."""


class TooManySocketsError(RagError):
    """The caller has as many sockets open as it may."""


@dataclass(frozen=True)
class Connection:
    """An open socket: who is at its other end and what it subscribed to."""

    connection_id: str
    principals: tuple[str, ...]
    topics: frozenset[str]
    expires: int = 0  #: when the token ends that it was opened with, in seconds since 1970


def document_topic(document_id: str) -> str:
    """The topic of one document's changes."""
    return f"document:{document_id}"


def owner_topic(principal: str) -> str:
    """The topic of the changes of all documents of a principal."""
    return f"owner:{principal}"


class Connections:
    """The table of sockets."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def open(self, connection_id: str, principals: Sequence[str], expires: int, most: int = 0) -> None:
        """Record a new socket and when its token expires.

        Raises TooManySocketsError when the first of the principals has ``most`` open (0: any number). As each socket is
        recorded before all are counted, those that come at the same moment are never too many either.
        """
        item: dict[str, Any] = {**_record(connection_id), "principals": {"L": [{"S": each} for each in principals]}}
        place = {**_key(_sockets_topic(principals), connection_id), "ttl": _in(SOCKET_SECONDS)}
        with outage():
            self._client.put_item(TableName=self._table, Item={**item, **_until(expires)})
            self._client.put_item(TableName=self._table, Item=place)
        if 0 < most < self._open_sockets(principals):
            self.close(connection_id)
            raise TooManySocketsError

    def get(self, connection_id: str) -> Connection:
        """The socket's record; raises UnknownConnectionError."""
        with outage():
            answer = self._client.get_item(TableName=self._table, Key=_record(connection_id), ConsistentRead=True)
        if "Item" not in answer:
            raise UnknownConnectionError
        return _connection(answer["Item"])

    def count_request(self, connection_id: str, minute: int) -> int:
        """Count a request on a socket; answers how many there were in this minute, 0 for a socket without a record."""
        known = "attribute_exists(topic) AND "
        return (
            self._counted(connection_id, minute, "ADD requests :one", known + "inMinute = :minute")
            or self._counted(
                connection_id,
                minute,
                "SET inMinute = :minute, requests = :one",
                known + "(attribute_not_exists(inMinute) OR inMinute < :minute)",
            )
            # otherwise another request was the minute's first just now, or has a clock that is ahead
            or self._counted(connection_id, minute, "ADD requests :one", known + "inMinute >= :minute")
        )

    def subscribe(self, connection_id: str, topics: Collection[str], expires: int) -> None:
        """Add topics to a socket, keeping those it has; raises UnknownConnectionError when it was closed.

        ``expires`` is that of its record: who pushes to a topic reads no more than the topic.
        """
        with outage():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_record(connection_id),
                    UpdateExpression="ADD topics :topics",
                    ConditionExpression="attribute_exists(topic)",
                    ExpressionAttributeValues={":topics": {"SS": sorted(topics)}},
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise UnknownConnectionError from error
        until = _until(expires)
        self._write({"PutRequest": {"Item": {**_key(topic, connection_id), **until}}} for topic in topics)

    def unsubscribe(self, connection_id: str, topics: Collection[str]) -> None:
        """Remove topics from a socket; those that it does not have are ignored."""
        self._write({"DeleteRequest": {"Key": _key(topic, connection_id)}} for topic in topics)
        with outage():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_record(connection_id),
                    UpdateExpression="DELETE topics :topics",
                    ConditionExpression="attribute_exists(topic)",
                    ExpressionAttributeValues={":topics": {"SS": sorted(topics)}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return  # the socket was closed, with all its topics

    def close(self, connection_id: str, topics: Iterable[str] = ()) -> None:
        """Forget a socket with all its topics, and these; harmless when it is forgotten already."""
        with outage():
            answer = self._client.delete_item(TableName=self._table, Key=_record(connection_id), ReturnValues="ALL_OLD")
        known = set(topics)
        if "Attributes" in answer:
            closed = _connection(answer["Attributes"])
            known |= {*closed.topics, _sockets_topic(closed.principals)}
        self._write({"DeleteRequest": {"Key": _key(topic, connection_id)}} for topic in known)

    def subscribers(self, topic: str) -> dict[str, int]:
        """The sockets that want a topic, and when their tokens expire; one whose ``subscribe`` has returned is there.

        What was recorded without an expiry is told as expired.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="topic = :topic",
            ExpressionAttributeValues={":topic": {"S": topic}},
            ProjectionExpression="connectionId, expires",
        )
        with outage():
            return {item["connectionId"]["S"]: _expires(item) for page in pages for item in page["Items"]}

    def _open_sockets(self, principals: Sequence[str]) -> int:
        """How many sockets the first of the principals has open."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            Select="COUNT",
            KeyConditionExpression="topic = :topic",
            FilterExpression="#ttl > :now",  # DynamoDB takes its time to remove what has expired
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":topic": {"S": _sockets_topic(principals)}, ":now": _in(0)},
        )
        with outage():
            return sum(page["Count"] for page in pages)

    def _counted(self, connection_id: str, minute: int, update: str, condition: str) -> int:
        """The number of requests after an update of a socket's record; 0 when the condition is not met."""
        values = {":minute": {"N": str(minute)}, ":one": {"N": "1"}}
        with outage():
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_record(connection_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValues="UPDATED_NEW",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return 0
        return int(answer["Attributes"]["requests"]["N"])

    def _write(self, requests: Iterable[dict[str, Any]]) -> None:
        """Carry out puts and deletions, those that DynamoDB sent back again."""
        waiting = list(requests)
        while waiting:
            batch, waiting = waiting[:WRITTEN_AT_ONCE], waiting[WRITTEN_AT_ONCE:]
            with outage():
                answer = self._client.batch_write_item(RequestItems={self._table: batch})  # type: ignore[dict-item]
            waiting += answer["UnprocessedItems"].get(self._table, [])  # type: ignore[arg-type]


def _record(connection_id: str) -> dict[str, Any]:
    """The key of a socket's own record."""
    return _key(f"connection:{connection_id}", connection_id)


def _key(topic: str, connection_id: str) -> dict[str, Any]:
    return {"topic": {"S": topic}, "connectionId": {"S": connection_id}}


def _connection(item: Any) -> Connection:
    principals = tuple(each["S"] for each in item["principals"]["L"])
    topics = frozenset(item.get("topics", {}).get("SS", ()))
    return Connection(item["connectionId"]["S"], principals, topics, _expires(item))


def _expires(item: Any) -> int:
    return int(item.get("expires", {}).get("N", 0))


def _until(expires: int) -> dict[str, Any]:
    """When the token expires, and when DynamoDB may remove the item."""
    return {"expires": {"N": str(expires)}, "ttl": _in(LIFETIME_SECONDS)}


def _in(seconds: int) -> dict[str, str]:
    """The time so many seconds from now."""
    return {"N": str(int(time.time()) + seconds)}


def _sockets_topic(principals: Sequence[str]) -> str:
    """The topic of the sockets of a caller, whose own principal is the first."""
    return f"sockets:{principals[0]}"
