"""Lambda events: batches of queue messages, and the S3 notifications inside them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from core import logs, metrics
from core.errors import RagError, TransientError

FIRST_RETRY_SECONDS = 10
LONGEST_RETRY_SECONDS = 300


class NotYetError(TransientError):
    """The message can be handled only after so many seconds; nothing is wrong with it."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"only in {seconds} s")
        self.seconds = seconds


class NotificationError(RagError):
    """The message does not say that objects were uploaded."""


@dataclass(frozen=True)
class Message:
    """One queue message."""

    body: str
    receive_count: int  #: which delivery this is, from 1
    hide: Callable[[int], None] = lambda seconds: None  #: keeps it from coming again for so long, from now
    id: str = ""  #: the same at each delivery
    queue: str = ""  #: its queue's name


@dataclass(frozen=True)
class UploadedObject:
    """An object that a notification names."""

    bucket: str
    key: str
    repeats: int | None = None  #: the generation that is to be done again, which only our own messages say


Postpone = Callable[[str, str, int], None]  #: queue ARN, receipt handle, seconds


def each_message(event: Mapping[str, Any], handle: Callable[[Message], None], postpone: Postpone) -> dict[str, Any]:
    """Handle every message of a batch on its own; the failed ones alone are reported for redelivery.

    A failed message would rest until its visibility timeout ends, which is six times the function's: ``postpone`` makes
    it come again soon, later each time. See "Reporting batch item failures" in the AWS Lambda guide on SQS.
    """
    failures = []
    for record in event["Records"]:
        message = _message(record, postpone)
        try:
            handle(message)
        except NotYetError as later:
            failures.append({"itemIdentifier": message.id})
            _retry(message, later.seconds)
        except Exception:  # noqa: BLE001  the batch edge: one bad message must not take the others along
            note_failure(message)
            failures.append({"itemIdentifier": message.id})
            _retry(message, retry_pause(message.receive_count))
    return {"batchItemFailures": failures}


def note_failure(message: Message) -> None:
    """Log and count, within an ``except`` block, that a delivery has failed, whether or not the message comes again."""
    logs.error("Message failed", messageId=message.id, receiveCount=message.receive_count, queue=message.queue)
    metrics.put({"FailedDeliveries": 1}, QueueName=message.queue)


def _message(record: Mapping[str, Any], postpone: Postpone) -> Message:
    return Message(
        record["body"],
        int(record.get("attributes", {}).get("ApproximateReceiveCount", "1")),
        partial(postpone, record["eventSourceARN"], record["receiptHandle"]),
        record["messageId"],
        record["eventSourceARN"].rpartition(":")[2],
    )


def retry_pause(receive_count: int) -> int:
    """Seconds after which a message that failed at this delivery comes again: longer each time, as outages are."""
    pause: int = FIRST_RETRY_SECONDS << 2 * min(receive_count - 1, 10)
    return min(LONGEST_RETRY_SECONDS, pause)


def _retry(message: Message, seconds: int) -> None:
    try:
        message.hide(seconds)
    except Exception:  # noqa: BLE001  without it the message still comes again, only later
        logs.error("Message not postponed", messageId=message.id)


def uploaded_objects(body: str) -> Iterator[UploadedObject]:
    """The objects named by a message: an S3 notification, or one bare record of it.

    S3 test events name none. Keys arrive URL-encoded. Raises NotificationError for anything else, before the first one.
    """
    try:
        content = json.loads(body)
        if content.get("Event") == "s3:TestEvent":
            return iter(())
        return iter([_uploaded(record) for record in content.get("Records", [content])])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise NotificationError("the message is not a notification of S3") from error


def _uploaded(record: Mapping[str, Any]) -> UploadedObject:
    bucket, key, repeats = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"], record.get("repeats")
    if not (isinstance(bucket, str) and isinstance(key, str) and (repeats is None or type(repeats) is int)):
        raise TypeError
    key = unquote_plus(key)
    f"{bucket}{key}".encode()  # half a surrogate pair names nothing
    return UploadedObject(bucket, key, repeats)
