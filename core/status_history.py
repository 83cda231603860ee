"""The status history: every change of every document, numbered, for as long as the settings keep it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from core import paged_query
from core.outages import outage
from core.settings import Settings
from core.status import Status
from core.status_items import Item, decode, event_body, owner_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DELETED_AT_ONCE = 100  #: as many as a transaction takes


@dataclass(frozen=True)
class Event:
    """A change of a document's state, as far as it says whose document that was."""

    document_id: str
    status_id: str
    owner: str
    sequence: int
    status: Status
    generation: int
    timestamp: str

    @classmethod
    def of(cls, item: Item) -> Self:
        """The change that an item of the audit table stands for."""
        body = event_body(item)
        return cls(
            document_id=body["documentId"],
            status_id=body["statusId"],
            owner=owner_of(item),
            sequence=body["sequence"],
            status=Status(body["status"]),
            generation=int(body["metadata"].get("generation") or 0),
            timestamp=body["timestamp"],
        )


class StatusHistory:
    """Reads and removes the history of documents; it is written with their states."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self.name = settings.need("document_audit_table")

    def events(self, document_id: str, after: int, limit: int) -> Sequence[dict[str, Any]]:
        """The changes with a sequence number above ``after``, at most ``limit``, in order, as they were pushed."""
        return [event_body(item) for item in islice(self._items(document_id, after, limit), limit)]

    def status_id(self, document_id: str) -> str | None:
        """The other name of a document that has a history."""
        first = next(self._items(document_id, 0, 1), None)
        return str(decode(first["statusId"])) if first else None

    def last(self, document_id: str) -> Event | None:
        """The latest change of a document."""
        with outage():
            answer = self._client.query(
                TableName=self.name,
                ConsistentRead=True,
                KeyConditionExpression="documentId = :id",
                ExpressionAttributeValues={":id": {"S": document_id}},
                ScanIndexForward=False,
                Limit=1,
            )
        return next((Event.of(dict(item)) for item in answer["Items"]), None)

    def delete(self, document_id: str) -> int:
        """Remove the document's history, the latest change last, by which it is found; answers how many it had."""
        keys = [{name: item[name] for name in ("documentId", "sequence")} for item in self._items(document_id, 0, 1000)]
        for start in range(0, len(keys), DELETED_AT_ONCE):
            batch = keys[start : start + DELETED_AT_ONCE]
            deletions = [{"Delete": {"TableName": self.name, "Key": key}} for key in batch]
            with outage():
                self._client.transact_write_items(TransactItems=deletions)  # type: ignore[arg-type]
        return len(keys)

    def _items(self, document_id: str, after: int, page: int) -> Iterator[Item]:
        """The items above a sequence number in order, read ``page`` at a time."""
        query: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "documentId = :id AND #sequence > :after",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {":id": {"S": document_id}, ":after": {"N": str(after)}},
            "Limit": page,
        }
        return paged_query.items(self._client, query)
