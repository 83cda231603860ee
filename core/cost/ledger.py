"""The cost ledger: what each call of a function spent on a document, in DynamoDB, an item a call.

An item's key names the call, so that writing it twice counts it once, and calls never wait for each other as they would
at a counter. Sums are made when they are asked for. The items stand under the document's owner, by month: they outlive
the document, of which they know the opaque id alone, and expire after 13 months.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from core import paged_query
from core.cost.costs import Entry, Quantity
from core.cost.ledger_place import LedgerPlace
from core.outages import outage
from core.settings import Settings
from core.status_items import decode, encode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 400 * 24 * 3600  #: the month and the twelve after it
MONTHS_KEPT = 14  #: in which entries of as many days may lie
PREFIX = "cost"


class Ledger:
    """Writes and reads the entries; every method raises TransientError when DynamoDB is unavailable."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def record(self, entry: Entry, now: datetime, *, unless_known: bool = False) -> None:
        """Keep an entry; one of the same call is replaced, or stays where ``unless_known``."""
        values = {
            "functionName": encode(entry.function),
            "nanoUsd": encode(entry.nano_usd),
            "used": encode({str(quantity): amount for quantity, amount in entry.used.items() if amount}),
            "pricesAsOf": encode(entry.prices_as_of),
            "ttl": encode(int(now.timestamp()) + KEPT_SECONDS),
        }
        condition = {"ConditionExpression": "attribute_not_exists(period)"} if unless_known else {}
        with outage():
            try:
                self._client.update_item(  # and not PutItem, as whoever counts requests has this right already
                    TableName=self._table,
                    Key=LedgerPlace(entry.owner, _period(entry)).key,
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
                    **condition,  # type: ignore[arg-type]
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return

    def of_document(self, owner: str, document_id: str, months: Sequence[str]) -> Iterator[Entry]:
        """All that was spent on a document in these months, the earlier first."""
        for month in sorted(months):
            yield from self._entries(owner, f"{prefix_of(month)}{document_id}#")

    def of_version(self, owner: str, document_id: str, generation: int, months: Sequence[str]) -> Iterator[Entry]:
        """What was spent on one version of a document in these months."""
        return (entry for entry in self.of_document(owner, document_id, months) if entry.generation == generation)

    def of_owner(self, month: str, start: LedgerPlace, limit: int) -> tuple[list[Entry], LedgerPlace | None]:
        """At most ``limit`` entries of an owner's month behind a place, and where to go on (None: at the end)."""
        entries = list(islice(self._entries(start.owner, prefix_of(month), start.period), limit + 1))
        if len(entries) <= limit:
            return entries, None
        return entries[:limit], LedgerPlace(start.owner, _period(entries[limit - 1]))

    def of_all(self, month: str, start: LedgerPlace | None, most_pages: int) -> tuple[list[Entry], LedgerPlace | None]:
        """Entries of a month of all owners behind a place, in no order, and where to go on (None: at the end)."""
        found: list[Entry] = []
        asked: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "begins_with(period, :prefix)",
            "ExpressionAttributeValues": {":prefix": {"S": prefix_of(month)}},
        }
        if start:
            asked["ExclusiveStartKey"] = start.key
        for _page in range(most_pages):
            with outage():
                answer = self._client.scan(**asked)
            found += map(_entry, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return found, None
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found, LedgerPlace.of(asked["ExclusiveStartKey"])

    def _entries(self, owner: str, prefix: str, after: str = "") -> Iterator[Entry]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "principal = :owner AND begins_with(period, :prefix)",
            "ExpressionAttributeValues": {":owner": {"S": owner}, ":prefix": {"S": prefix}},
        }
        if after:
            query["ExclusiveStartKey"] = LedgerPlace(owner, after).key
        return map(_entry, paged_query.items(self._client, query))

    @property
    def _table(self) -> str:
        return self._settings.need("usage_table")


def month_of(now: datetime) -> str:
    """The month that a moment (UTC) lies in, ``2026-11``."""
    return f"{now:%Y-%m}"


def prefix_of(month: str) -> str:
    """What the keys of a month's entries begin with."""
    return f"{PREFIX}#{month}#"


def months_kept(now: datetime) -> list[str]:
    """The months of which there can be entries, the earliest first."""
    count = now.year * 12 + now.month - 1
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(count - MONTHS_KEPT + 1, count + 1)]


def _period(entry: Entry) -> str:
    where = f"{entry.generation}/{entry.part}"
    return f"{prefix_of(entry.month)}{entry.document_id}#{where}#{entry.attempt}"


def _entry(item: Mapping[str, Any]) -> Entry:
    _prefix, month, document_id, where, attempt = decode(item["period"]).split("#")
    generation, _, part = where.partition("/")
    return Entry(
        owner=decode(item["principal"]),
        month=month,
        document_id=document_id,
        generation=int(generation),
        part=part,
        attempt=attempt,
        function=decode(item["functionName"]),
        used={Quantity(name): amount for name, amount in decode(item["used"]).items()},
        nano_usd=decode(item["nanoUsd"]),
        prices_as_of=decode(item["pricesAsOf"]),
    )
