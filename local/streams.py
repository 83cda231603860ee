"""Streams of tables: their records to functions as Lambda delivers them, several batches at a time.

After "Using AWS Lambda with Amazon DynamoDB" in the AWS Lambda guide: an event source mapping has as many batches under
way as its ParallelizationFactor says, and records of one item stay in order. What a function reports by
ReportBatchItemFailures, or the whole batch if it failed, comes again until MaximumRecordAgeInSeconds.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from zlib import crc32

Record = Mapping[str, Any]
Result = Mapping[str, Any]  #: how ministack says that an invocation ended
Invoke = Callable[[Mapping[str, Any]], Result]

PAUSE_SECONDS = 1.0  #: before what failed comes again


@dataclass
class Lane:
    """Records that go to a function one batch after the other."""

    waiting: deque[Record] = field(default_factory=deque)
    under_way: bool = False
    not_before: float = 0.0  #: on the monotonic clock


class Deliveries:
    """The records of one event source mapping, on their way to its function; safe to share between threads."""

    def __init__(self, mapping: Mapping[str, Any], invoke: Invoke, most_batches: int) -> None:
        """``most_batches``: under way at a time, where the mapping would have more."""
        self._mapping = mapping
        self._invoke = invoke
        self._lanes = [Lane() for _ in range(min(most_batches, mapping.get("ParallelizationFactor", 1)))]
        self._lock = threading.Lock()

    def add(self, records: Sequence[Record]) -> None:
        """Take in records, in the order of the changes."""
        with self._lock:
            for record in records:
                item = json.dumps(record["dynamodb"]["Keys"], sort_keys=True).encode()
                self._lanes[crc32(item) % len(self._lanes)].waiting.append(record)

    def due(self) -> Iterator[Callable[[], None]]:
        """The batches that may go now: each is delivered by a call, which lasts as long as the invocation."""
        for lane in self._lanes:
            if batch := self._next_batch(lane):
                yield partial(self._deliver, lane, batch)

    def _next_batch(self, lane: Lane) -> list[Record]:
        with self._lock:
            if lane.under_way or time.monotonic() < lane.not_before:
                return []
            oldest = time.time() - self._mapping.get("MaximumRecordAgeInSeconds", float("inf"))
            while lane.waiting and lane.waiting[0]["dynamodb"]["ApproximateCreationDateTime"] < oldest:
                lane.waiting.popleft()
            batch = [lane.waiting.popleft() for _ in range(min(len(lane.waiting), self._mapping["BatchSize"]))]
            lane.under_way = bool(batch)
            return batch

    def _deliver(self, lane: Lane, batch: Sequence[Record]) -> None:
        left = batch
        try:
            left = self._left(batch, self._invoke({"Records": batch}))
        finally:
            with self._lock:
                lane.waiting.extendleft(reversed(left))
                lane.not_before = time.monotonic() + PAUSE_SECONDS if left else 0.0
                lane.under_way = False

    def _left(self, batch: Sequence[Record], result: Result) -> Sequence[Record]:
        """What has to come again."""
        if result.get("error") or result.get("throttle"):
            return batch
        if "ReportBatchItemFailures" not in self._mapping.get("FunctionResponseTypes", ()):
            return ()
        failed = {each["itemIdentifier"] for each in (result.get("body") or {}).get("batchItemFailures") or ()}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return batch[next((place for place, number in enumerate(numbers) if number in failed), len(batch)) :]
