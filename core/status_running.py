"""The running documents: an index that holds a document only while a version of it is being worked on."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from core.outages import outage
from core.status import DocumentStatus
from core.status_items import decode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "RunningIndex"  #: by owner and time of the last change


class RunningIndex:
    """Reads the index of running documents, which may be a moment behind."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def count(self, owner: str) -> int:
        """How many documents of the owner have a running version."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=INDEX,
            Select="COUNT",
            KeyConditionExpression="running = :owner",
            ExpressionAttributeValues={":owner": {"S": owner}},
        )
        with outage():
            return sum(page["Count"] for page in pages)

    def stale(self, before: str, limit: int, get: Callable[[str], DocumentStatus | None]) -> Sequence[DocumentStatus]:
        """At most ``limit`` documents of whomever whose running version last changed before a time, chosen at random.

        So whoever asks again and again gets to see each of them, however many there are. ``get`` tells their states as
        they are now.
        """
        unchanged = list(self._unchanged_since(before))
        random.shuffle(unchanged)
        states = (get(status_id) for status_id in unchanged)
        running = (state for state in states if state and state.is_running and state.updated_at < before)
        return list(islice(running, limit))

    def _unchanged_since(self, before: str) -> Iterator[str]:
        """The statusIds of what ran and had not changed since a time."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            IndexName=INDEX,
            FilterExpression="updatedAt < :before",
            ExpressionAttributeValues={":before": {"S": before}},
        )
        with outage():
            for page in pages:
                yield from (decode(item["statusId"]) for item in page["Items"])
