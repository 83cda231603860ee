"""Lambda events: batches of queue messages, and the S3 notifications inside them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from core import logs

FIRST_RETRY_SECONDS = 10


@dataclass(frozen=True)
class Message:
    """One queue message."""

    body: str
    receive_count: int  #: which delivery this is, from 1


@dataclass(frozen=True)
class UploadedObject:
    """An object that a notification names."""

    bucket: str
    key: str


Postpone = Callable[[str, str, int], None]  #: queue ARN, receipt handle, seconds


def each_message(event: Mapping[str, Any], handle: Callable[[Message], None], postpone: Postpone) -> dict[str, Any]:
    """Handle every message of a batch on its own; the failed ones alone are reported for redelivery.

    A failed message would rest until its visibility timeout ends, which is six times the function's: ``postpone`` makes
    it come again soon, later each time. See "Reporting batch item failures" in the AWS Lambda guide on SQS.
    """
    failures = []
    for record in event["Records"]:
        receive_count = int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
        try:
            handle(Message(record["body"], receive_count))
        except Exception:  # noqa: BLE001  the batch edge: one bad message must not take the others along
            logs.error("Message failed", messageId=record["messageId"], receiveCount=receive_count)
            failures.append({"itemIdentifier": record["messageId"]})
            _retry_soon(record, receive_count, postpone)
    return {"batchItemFailures": failures}


def _retry_soon(record: Mapping[str, Any], receive_count: int, postpone: Postpone) -> None:
    try:
        postpone(record["eventSourceARN"], record["receiptHandle"], FIRST_RETRY_SECONDS * 4 ** (receive_count - 1))
    except Exception:  # noqa: BLE001  without it the message still comes again, only later
        logs.error("Message not postponed", messageId=record["messageId"])


def uploaded_objects(body: str) -> Iterator[UploadedObject]:
    """The objects named by a message: an S3 notification, or one bare record of it.

    S3 test events name none. Keys arrive URL-encoded.
    """
    content = json.loads(body)
    if content.get("Event") == "s3:TestEvent":
        return
    for record in content.get("Records", [content]):
        s3 = record["s3"]
        yield UploadedObject(s3["bucket"]["name"], unquote_plus(s3["object"]["key"]))
