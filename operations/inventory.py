"""The inventory: what DynamoDB and S3 hold, a page at a time, in whatever order they have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.blobs import derived_key
from core.outages import outage
from core.part_table import KEPT_SECONDS
from core.settings import Settings
from core.status import DocumentStatus
from core.status_items import decode, status_of
from websocket.connections import LIFETIME_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Place = dict[str, Any] | None  #: where the next page begins; None: at the beginning, or after the last one

PAGE = 100  #: documents or objects on a page
LARGE_PAGE = 1000  #: items of which only the keys are read


@dataclass(frozen=True)
class StoredObject:
    """An uploaded object in its bucket."""

    key: str
    stored_at: datetime


@dataclass(frozen=True)
class Subscription:
    """A socket's record, or its wish for a topic."""

    topic: str
    connection_id: str
    expires: datetime
    written_at: datetime


class Inventory:
    """Walks through whole tables and buckets; every method raises TransientError in an outage."""

    def __init__(self, dynamodb: "DynamoDBClient", s3: "S3Client", settings: Settings) -> None:
        self._dynamodb = dynamodb
        self._s3 = s3
        self._settings = settings

    def statuses(self, place: Place) -> tuple[list[DocumentStatus], Place]:
        """Documents by their states."""
        items, following = self._scan(self._settings.need("document_status_table"), place, PAGE)
        return [status_of(item) for item in items], following

    def histories(self, place: Place) -> tuple[list[str], Place]:
        """The ids of documents that have a history; one may come on two pages."""
        table = self._settings.need("document_audit_table")
        items, following = self._scan(table, place, LARGE_PAGE, ProjectionExpression="documentId")
        return list(dict.fromkeys(str(decode(item["documentId"])) for item in items)), following

    def parts(self, place: Place) -> tuple[dict[str, datetime], Place]:
        """The ids of documents that have records of parts, and when the latest was written, as far as on this page."""
        items, following = self._scan(
            self._settings.need("document_parts_table"),
            place,
            LARGE_PAGE,
            ProjectionExpression="documentId, #ttl",
            ExpressionAttributeNames={"#ttl": "ttl"},
        )
        latest: dict[str, datetime] = {}
        for item in items:
            document_id, written_at = str(decode(item["documentId"])), _written(item, KEPT_SECONDS)
            latest[document_id] = max(written_at, latest.get(document_id, written_at))
        return latest, following

    def subscriptions(self, place: Place) -> tuple[list[Subscription], Place]:
        """The sockets' records and subscriptions."""
        items, following = self._scan(self._settings.need("websocket_connections_table"), place, PAGE)
        return [_subscription(item) for item in items], following

    def uploads(self, bucket: str, after: str) -> list[StoredObject]:
        """Uploaded objects after a key, in order; none at the end."""
        with outage():
            answer = self._s3.list_objects_v2(Bucket=bucket, StartAfter=after, MaxKeys=PAGE)
        return [StoredObject(item["Key"], item["LastModified"]) for item in answer.get("Contents", [])]

    def derived_documents(self, after: str) -> list[str]:
        """The ids after one of them of documents that have derived objects, in order; none at the end."""
        start = f"{after}0" if after else ""  # "0" is what follows "/": past all objects of that document
        with outage():
            answer = self._s3.list_objects_v2(
                Bucket=self._settings.need("derived_bucket"), StartAfter=start, Delimiter="/", MaxKeys=PAGE
            )
        return [item["Prefix"].rstrip("/") for item in answer.get("CommonPrefixes", [])]

    def derived(self, document_id: str) -> dict[int, datetime]:
        """The generations of a document that have derived objects, and when the newest of each was made."""
        newest: dict[int, datetime] = {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._settings.need("derived_bucket"), Prefix=f"{document_id}/"
        )
        with outage():
            for page in pages:
                for item in page.get("Contents", []):
                    generation, made_at = item["Key"].split("/")[1], item["LastModified"]
                    if generation.isdecimal():
                        newest[int(generation)] = max(made_at, newest.get(int(generation), made_at))
        return newest

    def derived_names(self, document_id: str, generation: int) -> set[str]:
        """The names of the derived objects of one generation of a document."""
        prefix = derived_key(document_id, generation, "")
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._settings.need("derived_bucket"), Prefix=prefix
        )
        with outage():
            return {item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", [])}

    def _scan(self, table: str, place: Place, page: int, **more: Any) -> tuple[list[dict[str, Any]], Place]:
        request: dict[str, Any] = {"TableName": table, "Limit": page, "ConsistentRead": True, **more}
        if place:
            request["ExclusiveStartKey"] = place
        with outage():
            answer = self._dynamodb.scan(**request)
        return list(answer["Items"]), answer.get("LastEvaluatedKey")


def _subscription(item: Mapping[str, Any]) -> Subscription:
    expires = float(item.get("expires", item.get("ttl", {})).get("N", 0))  # what counts a caller's sockets has no token
    return Subscription(
        topic=item["topic"]["S"],
        connection_id=item["connectionId"]["S"],
        expires=datetime.fromtimestamp(expires, UTC),
        written_at=_written(item, LIFETIME_SECONDS),
    )


def _written(item: Mapping[str, Any], kept_seconds: int) -> datetime:
    """When an item was written, by when it expires."""
    return datetime.fromtimestamp(max(0.0, float(item.get("ttl", {}).get("N", 0)) - kept_seconds), UTC)
