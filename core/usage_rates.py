"""Rates: how often a caller may ask in a minute, counted in DynamoDB, an item a caller and minute."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from core import logs, usage
from core.errors import RateLimitError, TransientError
from core.outages import outage
from core.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Kind = Literal["queries", "uploads"]
MINUTE = 60
KEPT_SECONDS = 3600  #: a count is of no use after its minute


class RateLimits:
    """Counts requests and refuses those beyond the limits of a minute."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._limits: dict[Kind, int] = {"queries": settings.queries_a_minute, "uploads": settings.uploads_a_minute}

    def count(self, caller: str, kind: Kind, now: datetime | None = None) -> None:
        """Count a request of the caller; raises RateLimitError when it is one too many in this minute.

        A request that could not be counted is let through: the limit must not take the service down with it.
        """
        now, limit = now or datetime.now(UTC), self._limits[kind]
        if limit <= 0:
            return
        try:
            count = self._add(caller, kind, now)
        except TransientError:
            logs.warning("Request not counted: the usage table does not answer", kind=kind)
            return
        if count > limit:
            message = f"You may send {limit:,} {kind} a minute; please wait for the next minute."
            raise RateLimitError(message, MINUTE - now.second)

    def _add(self, caller: str, kind: Kind, now: datetime) -> int:
        with outage():
            answer = self._client.update_item(
                TableName=self._settings.need("usage_table"),
                Key={"principal": {"S": caller}, "period": {"S": usage.minute(now, kind)}},
                UpdateExpression="SET #ttl = :ttl ADD #count :one",
                ExpressionAttributeNames={"#ttl": "ttl", "#count": "count"},
                ExpressionAttributeValues={
                    ":ttl": {"N": str(int(now.timestamp()) + KEPT_SECONDS)},
                    ":one": {"N": "1"},
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["count"]["N"])
