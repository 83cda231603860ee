"""The status list: the documents of some principals, the latest first, a page at a time."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from core import cursors, paged_query
from core.cursors import CursorError
from core.status import DocumentStatus, Status
from core.status_items import status_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_EXAMINED = 1000  #: documents that one page looks through for those in the wanted state


@dataclass(frozen=True)
class Position:
    """A place in the list: the beginning of a version, and the documents of that very moment that were passed."""

    moment: str = ""
    passed: frozenset[str] = frozenset()

    def after(self, document: DocumentStatus) -> Self:
        """The place behind the next document."""
        passed = self.passed if document.timestamp == self.moment else frozenset()
        return type(self)(document.timestamp, passed | {document.status_id})

    def encode(self) -> str:
        """The place as an opaque text that may stand in a URL."""
        return cursors.encode([self.moment, *sorted(self.passed)])

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """The place that a text stands for; raises CursorError for any other text."""
        values = cursors.decode(cursor)
        if not values or not all(isinstance(each, str) for each in values):
            raise CursorError
        return cls(values[0], frozenset(values[1:]))


class StatusList:
    """Reads the index of documents by owner, which may be a moment behind."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(
        self, principals: Sequence[str], status: Status | None, limit: int, cursor: str | None
    ) -> tuple[Sequence[DocumentStatus], str | None]:
        """At most ``limit`` documents, and where the next page begins (None: at the end)."""
        start = Position.decode(cursor) if cursor else Position()
        size = limit + len(start.passed) + 1
        owned = [self._documents(principal, start.moment, size) for principal in dict.fromkeys(principals)]
        merged = heapq.merge(*owned, key=lambda each: each.timestamp, reverse=True)
        return _cut((each for each in merged if each.status_id not in start.passed), status, limit, start)

    def _documents(self, principal: str, before: str, page: int) -> Iterator[DocumentStatus]:
        """The principal's documents, the latest first; with ``before`` those that began then or earlier."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "UserIndex",
            "KeyConditionExpression": "#user = :user",
            "ExpressionAttributeNames": {"#user": "user"},
            "ExpressionAttributeValues": {":user": {"S": principal}},
            "ScanIndexForward": False,
            "Limit": page,
        }
        if before:
            query["KeyConditionExpression"] += " AND #timestamp <= :before"
            query["ExpressionAttributeNames"]["#timestamp"] = "timestamp"
            query["ExpressionAttributeValues"][":before"] = {"S": before}
        return map(status_of, paged_query.items(self._client, query))


def _cut(
    documents: Iterator[DocumentStatus], status: Status | None, limit: int, start: Position
) -> tuple[Sequence[DocumentStatus], str | None]:
    """The first ``limit`` documents in the wanted state, and where to go on."""
    page: list[DocumentStatus] = []
    place = start
    for examined, document in enumerate(documents, 1):
        place = place.after(document)
        if status in {None, document.status}:
            page.append(document)
        if len(page) == limit or examined == MOST_EXAMINED:
            return page, place.encode() if next(documents, None) else None
    return page, None
