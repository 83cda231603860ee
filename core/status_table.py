"""The status table: one item a document, changed together with its history or not at all.

Its stream feeds the sockets: every change of an item is one of the document's state, and streams keep an item's changes
in order.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import TransientError
from core.outages import outage
from core.settings import Settings
from core.status import DocumentStatus
from core.status_items import decode, event_item, status_item, status_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 25  #: how often a lost race is run again: about two seconds altogether
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.2
#: Why a transaction was cancelled that may be tried again
CONDITION_FAILED = "ConditionalCheckFailed"
LOST_RACE = {CONDITION_FAILED, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

Wanted = TypeVar("Wanted", bound=DocumentStatus | None)  #: the state after a change; None: the change is refused
Decide = Callable[[DocumentStatus | None, str], Wanted]  #: the state that was read, and the time → the state wanted


@dataclass(frozen=True)
class Further:
    """A further write of a change's transaction, with a condition of its own."""

    write: Mapping[str, Any]  #: the item of the transaction, which returns the old values when its condition fails
    refusal: Callable[[Mapping[str, Any]], Exception | None]  #: what is raised then, by those; None: to try again


#: The state that was read, the one wanted instead, and the time → what is to be written with the change
Add = Callable[[DocumentStatus | None, DocumentStatus, datetime], Further | None]


class StatusTable:
    """Reads and changes the states of documents."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self.name = settings.need("document_status_table")
        self._history = settings.need("document_audit_table")

    def get(self, status_id: str) -> DocumentStatus | None:
        """The state of the document called ``bucket#key``, or None; the latest one, never a stale copy."""
        key = {"statusId": {"S": status_id}}
        with outage():
            answer = self._client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return status_of(answer["Item"]) if "Item" in answer else None

    def status_id(self, document_id: str) -> str | None:
        """The other name of a document, or None; the index may not know a new document yet."""
        with outage():
            answer = self._client.query(
                TableName=self.name,
                IndexName="DocumentIndex",
                KeyConditionExpression="documentId = :id",
                ExpressionAttributeValues={":id": {"S": document_id}},
                Limit=1,
            )
        return next((decode(item["statusId"]) for item in answer["Items"]), None)

    def change(self, status_id: str, decide: Decide[Wanted], add: Add | None = None) -> Wanted:
        """Replace a state by the one that ``decide`` wants, and add the change to the history.

        ``decide`` is asked again when another change came first. Nothing is written when it answers None or the very
        state that it was given. What ``add`` answers is written in the same transaction, or nothing is: its refusal is
        raised when its condition fails. Raises TransientError when others keep coming first.
        """
        for attempt in range(ATTEMPTS):
            seen, now = self.get(status_id), datetime.now(UTC)
            wanted = decide(seen, now.isoformat(timespec="microseconds").replace("+00:00", "Z"))
            if wanted is None or wanted is seen:
                return wanted
            if self._write(seen, wanted, now, add and add(seen, wanted, now)):
                return wanted
            _pause(attempt)
        raise TransientError("the document's state keeps changing")

    def delete(self, status: DocumentStatus) -> bool:
        """Remove a state unless it has changed; whether it is gone."""
        key = {"statusId": {"S": status.status_id}}
        with outage():
            try:
                self._client.delete_item(TableName=self.name, Key=key, **_unchanged(status))
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _write(
        self, seen: DocumentStatus | None, wanted: DocumentStatus, now: datetime, further: Further | None
    ) -> bool:
        """Write a change, its place in the history and what goes with it; False when another change came first."""
        state = {"TableName": self.name, "Item": status_item(wanted, self._expiry(wanted, now)), **_unchanged(seen)}
        kept_until = _epoch(now + timedelta(days=self._settings.audit_days))
        event = {"TableName": self._history, "Item": event_item(wanted, kept_until)}
        writes: list[Any] = [{"Put": state}, {"Put": event}, *([further.write] if further else [])]
        with outage():
            try:
                self._client.transact_write_items(TransactItems=writes)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = error.response["CancellationReasons"]  # one for each write, in their order
                if LOST_RACE.isdisjoint(reason.get("Code", "None") for reason in reasons):
                    raise
                if further and reasons[-1].get("Code") == CONDITION_FAILED:
                    self._refuse(seen, wanted, further.refusal(reasons[-1].get("Item", {})))
                return False
        return True

    def _refuse(self, seen: DocumentStatus | None, wanted: DocumentStatus, refusal: Exception | None) -> None:
        """Raise the refusal of what goes with a change, unless another change came first: it may be the very same one,
        delivered twice, which used up what is refused now.
        """
        if refusal is not None and self.get(wanted.status_id) == seen:
            raise refusal

    def _expiry(self, wanted: DocumentStatus, now: datetime) -> int | None:
        """When the item may go: an announcement without a file after some days, a document never by itself."""
        if wanted.generation > 0:
            return None
        return _epoch(now + timedelta(days=self._settings.awaiting_upload_days))


def _unchanged(seen: DocumentStatus | None) -> dict[str, Any]:
    """The condition, as arguments of a write, that a state is still the one that was seen."""
    if seen is None:
        return {"ConditionExpression": "attribute_not_exists(statusId)"}
    return {
        "ConditionExpression": "#sequence = :sequence AND documentId = :id",
        "ExpressionAttributeNames": {"#sequence": "sequence"},
        "ExpressionAttributeValues": {":sequence": {"N": str(seen.sequence)}, ":id": {"S": seen.document_id}},
    }


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _pause(attempt: int) -> None:
    """Wait a random while, longer each time, so that those who race come apart."""
    time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * 2**attempt)))  # noqa: S311  not a secret
