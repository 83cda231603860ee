"""Connections: the open sockets and their subscriptions, in DynamoDB.

Each socket has a record that lists its topics; each topic has an item for every socket that wants it. The record is
written first and removed first, so that a topic is never left behind unnoticed.
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
WRITTEN_AT_ONCE = 25  #: as many as DynamoDB takes


class UnknownConnectionError(RagError):
    """There is no record of the socket."""


@dataclass(frozen=True)
class Connection:
    """An open socket: who is at its other end and what it subscribed to."""

    connection_id: str
    principals: tuple[str, ...]
    topics: frozenset[str]


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

    def open(self, connection_id: str, principals: Sequence[str]) -> None:
        """Record a new socket."""
        item: dict[str, Any] = {**_record(connection_id), "principals": {"L": [{"S": each} for each in principals]}}
        with outage():
            self._client.put_item(TableName=self._table, Item={**item, "ttl": _expiry()})

    def get(self, connection_id: str) -> Connection:
        """The socket's record; raises UnknownConnectionError."""
        with outage():
            answer = self._client.get_item(TableName=self._table, Key=_record(connection_id), ConsistentRead=True)
        if "Item" not in answer:
            raise UnknownConnectionError
        return _connection(answer["Item"])

    def subscribe(self, connection_id: str, topics: Collection[str]) -> None:
        """Add topics to a socket, keeping those it has; raises UnknownConnectionError when it was closed."""
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
        expiry = _expiry()
        self._write({"PutRequest": {"Item": {**_key(topic, connection_id), "ttl": expiry}}} for topic in topics)

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
        known = _connection(answer["Attributes"]).topics if "Attributes" in answer else frozenset()
        self._write({"DeleteRequest": {"Key": _key(topic, connection_id)}} for topic in known.union(topics))

    def subscribers(self, topic: str) -> list[str]:
        """The sockets that want a topic; one whose ``subscribe`` has returned is among them."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="topic = :topic",
            ExpressionAttributeValues={":topic": {"S": topic}},
            ProjectionExpression="connectionId",
        )
        with outage():
            return [item["connectionId"]["S"] for page in pages for item in page["Items"]]

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
    return Connection(item["connectionId"]["S"], principals, frozenset(item.get("topics", {}).get("SS", ())))


def _expiry() -> dict[str, str]:
    return {"N": str(int(time.time()) + LIFETIME_SECONDS)}
