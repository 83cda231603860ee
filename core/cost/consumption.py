"""Consumption: what this process has used of what costs money, counted where it is used.

The counts only grow. Who wants to know what a call used takes the difference: Lambda runs one call of a process at a
time, so that it is exact there, the threads of the call included.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

from core.cost.costs import Quantity

Client = TypeVar("Client", bound=Any)

#: Operations of S3 that are billed as writes, and those billed as reads; deletions are free
_S3_WRITES = {"PutObject", "CopyObject", "ListObjectsV2", "ListObjectVersions"}
_S3_READS = {"GetObject", "HeadObject"}
_DYNAMODB_READS = {"GetItem", "Query", "Scan"}

_lock = threading.Lock()
_totals: Counter[Quantity] = Counter()


def count(quantity: Quantity, amount: int) -> None:
    """Add what was used just now."""
    with _lock:
        _totals[quantity] += amount


def totals() -> Counter[Quantity]:
    """All that was used so far."""
    with _lock:
        return Counter(_totals)


def watched(client: Client) -> Client:
    """The boto3 client, from now on with its requests counted; DynamoDB is asked to say what each one takes."""
    events = client.meta.events
    events.register("provide-client-params.dynamodb.*", _ask_for_capacity)
    events.register("after-call.dynamodb.*", _count_dynamodb)
    events.register("provide-client-params.s3.PutObject", _count_bytes)
    events.register("after-call.s3.*", _count_s3)
    events.register("after-call.sqs.*", _count_sqs)
    return client


def _ask_for_capacity(params: Mapping[str, Any], model: Any, **_: Any) -> Mapping[str, Any]:
    if "ReturnConsumedCapacity" not in model.input_shape.members:
        return params
    return {"ReturnConsumedCapacity": "TOTAL", **params}


def _count_dynamodb(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    told = parsed.get("ConsumedCapacity") or []  # an answer about one table, or a list; a refused write tells nothing
    units = sum(each.get("CapacityUnits", 0) for each in ([told] if isinstance(told, Mapping) else told))
    is_read = model.name in _DYNAMODB_READS
    count(Quantity.READ_MILLIUNITS if is_read else Quantity.WRITE_MILLIUNITS, round(units * 1000))


def _count_s3(model: Any, **_: Any) -> None:
    if model.name in _S3_WRITES:
        count(Quantity.S3_WRITES, 1)
    elif model.name in _S3_READS:
        count(Quantity.S3_READS, 1)


def _count_bytes(params: Mapping[str, Any], **_: Any) -> None:
    count(Quantity.S3_BYTES, len(params["Body"]))


def _count_sqs(**_: Any) -> None:
    count(Quantity.SQS_REQUESTS, 1)
