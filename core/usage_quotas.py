"""Quotas: owners are held to what they may take, by what DynamoDB counts of them, an item an owner and day."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core import usage
from core.errors import QuotaError
from core.outages import outage
from core.settings import Settings
from core.status import DocumentStatus
from core.status_items import decode
from core.status_running import RunningIndex
from core.status_table import Further
from core.usage import Quotas, Used

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class OwnerQuotas:
    """Holds owners to what they may take.

    A day's bytes and pages are counted in the transaction that begins a version, so never twice and never beyond the
    limit. Running documents are counted by an index that is a moment behind: many that begin at once may be too many.
    """

    def __init__(self, client: "DynamoDBClient", settings: Settings, running: RunningIndex) -> None:
        self._client = client
        self._settings = settings
        self._quotas = Quotas.of(settings)
        self._running = running

    def check(self, owner: str, size: int, now: datetime) -> None:
        """Raise QuotaError when a file of so many bytes would be refused now; nothing is counted."""
        self._check_running(owner)
        if self._quotas.are_daily:
            _raise(self._quotas.too_much(self.used(owner, now), size, 0, now))

    def used(self, owner: str, now: datetime) -> Used:
        """What the owner has taken of this day."""
        with outage():
            answer = self._client.get_item(TableName=self._table, Key=_key(owner, usage.day(now)), ConsistentRead=True)
        return _used(answer.get("Item", {}))

    def charge(self, seen: DocumentStatus | None, begun: DocumentStatus, now: datetime) -> Further | None:
        """The write that counts a version which begins; None where no day is limited.

        Raises QuotaError when there can be no room. A document that is running already takes no further place.
        """
        if seen is None or not seen.is_running:
            self._check_running(begun.owner)
        if not self._quotas.are_daily:
            return None
        size, pages = begun.size, int(begun.metadata.get("totalPages", 0))
        _raise(self._quotas.too_much(Used(), size, pages, now))
        return Further(
            {"Update": self._counted(begun.owner, size, pages, now)},
            lambda item: self._quotas.too_much(_used(item), size, pages, now),
        )

    def _counted(self, owner: str, size: int, pages: int, now: datetime) -> dict[str, Any]:
        """The addition to the owner's day, on the condition that it stays within both limits."""
        conditions, values = [], {":bytes": size, ":pages": pages, ":ttl": usage.day_expiry(now)}
        for name, limit, added in (
            ("bytes", self._quotas.bytes_a_day, size),
            ("pages", self._quotas.pages_a_day, pages),
        ):
            if limit > 0:
                conditions.append(f"(attribute_not_exists(#{name}) OR #{name} <= :{name}Left)")
                values[f":{name}Left"] = limit - added
        return {
            "TableName": self._table,
            "Key": _key(owner, usage.day(now)),
            "UpdateExpression": "SET #ttl = :ttl ADD #bytes :bytes, #pages :pages",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {"#ttl": "ttl", "#bytes": "bytes", "#pages": "pages"},
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _check_running(self, owner: str) -> None:
        if self._quotas.running > 0:
            _raise(self._quotas.too_many_running(self._running.count(owner)))

    @property
    def _table(self) -> str:
        return self._settings.need("usage_table")


def _raise(refusal: QuotaError | None) -> None:
    if refusal is not None:
        raise refusal


def _key(principal: str, period: str) -> dict[str, Any]:
    return {"principal": {"S": principal}, "period": {"S": period}}


def _used(item: Mapping[str, Any]) -> Used:
    return Used(**{name: int(decode(item[name])) for name in ("bytes", "pages") if name in item})
