"""How records of a stream reach their function, without the emulator; over it: tests/websocket/test_live.py."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local import streams
from local.streams import Deliveries, Record

MAPPING = {
    "BatchSize": 3,
    "ParallelizationFactor": 4,
    "MaximumRecordAgeInSeconds": 60,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}
DONE: Mapping[str, Any] = {"body": {"batchItemFailures": []}}


def record(item: str, number: int, age: float = 0.0) -> Record:
    about = {"Keys": {"name": {"S": item}}, "SequenceNumber": str(number)}
    return {"dynamodb": {**about, "ApproximateCreationDateTime": time.time() - age}}


def numbers(records: Sequence[Record]) -> list[int]:
    return [int(one["dynamodb"]["SequenceNumber"]) for one in records]


class Function:
    """Takes batches, and answers in turn as it was told, then that all is well."""

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.batches: list[list[int]] = []

    def __call__(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        self.batches.append(numbers(event["Records"]))
        answer = self._answers.pop(0) if self._answers else DONE
        if isinstance(answer, Exception):
            raise answer
        return answer


def deliver_all(deliveries: Deliveries) -> None:
    while due := list(deliveries.due()):
        for deliver in due:
            deliver()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PAUSE_SECONDS", 0.0)


def test_items_go_side_by_side_and_the_changes_of_each_in_order() -> None:
    chance = random.Random(7)  # noqa: S311  not a secret
    lock, under_way, most = threading.Lock(), 0, 0
    seen: dict[str, list[int]] = defaultdict(list)

    def work(event: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(chance.uniform(0, 0.02))
        with lock:
            under_way -= 1
            for one in event["Records"]:
                seen[one["dynamodb"]["Keys"]["name"]["S"]] += numbers([one])
        return DONE

    deliveries = Deliveries(MAPPING, work, 8)
    with ThreadPoolExecutor(8) as threads:
        for number in range(200):
            deliveries.add([record(f"item {chance.randrange(10)}", number)])
            if number % 5 == 0:
                for deliver in deliveries.due():
                    threads.submit(deliver)
                time.sleep(0.005)
    deliver_all(deliveries)
    assert sorted(number for of_item in seen.values() for number in of_item) == list(range(200))
    assert all(of_item == sorted(of_item) for of_item in seen.values())
    assert 1 < most <= 4


def test_a_small_machine_has_fewer_under_way() -> None:
    deliveries = Deliveries(MAPPING, Function(), 2)
    deliveries.add([record(f"item {number}", number) for number in range(20)])
    assert len(list(deliveries.due())) == 2


@pytest.mark.parametrize("fault", [{"error": True}, {"throttle": True}, ConnectionError("no function")])
def test_a_batch_that_failed_comes_again_before_what_came_later(fault: Any) -> None:
    function = Function(fault)
    deliveries = Deliveries(MAPPING, function, 8)
    deliveries.add([record("one", 1), record("one", 2)])
    [deliver] = deliveries.due()
    deliveries.add([record("one", 3)])
    assert list(deliveries.due()) == []  # the batch before is under way
    if isinstance(fault, Exception):
        with pytest.raises(ConnectionError):
            deliver()
    else:
        deliver()
    deliver_all(deliveries)
    assert function.batches == [[1, 2], [1, 2, 3]]


def test_what_is_reported_comes_again_and_all_after_it() -> None:
    function = Function({"body": {"batchItemFailures": [{"itemIdentifier": "2"}]}})
    deliveries = Deliveries(MAPPING, function, 8)
    deliveries.add([record("one", number) for number in (1, 2, 3, 4)])
    deliver_all(deliveries)
    assert function.batches == [[1, 2, 3], [2, 3, 4]]


@pytest.mark.parametrize("answer", [{}, {"body": None}, {"body": {}}, {"body": {"batchItemFailures": None}}])
def test_an_answer_without_a_report_means_that_all_is_done(answer: Mapping[str, Any]) -> None:
    deliveries = Deliveries(MAPPING, Function(answer), 8)
    deliveries.add([record("one", 1)])
    for deliver in deliveries.due():
        deliver()
    assert list(deliveries.due()) == []


def test_a_report_counts_only_where_it_was_agreed_on() -> None:
    function = Function({"body": {"batchItemFailures": [{"itemIdentifier": "1"}]}})
    deliveries = Deliveries({**MAPPING, "FunctionResponseTypes": []}, function, 8)
    deliveries.add([record("one", 1)])
    deliver_all(deliveries)
    assert list(deliveries.due()) == []


def test_a_pause_comes_before_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PAUSE_SECONDS", 0.2)
    deliveries = Deliveries(MAPPING, Function({"error": True}), 8)
    deliveries.add([record("one", 1)])
    deliver_all(deliveries)
    assert list(deliveries.due()) == []
    time.sleep(0.25)
    assert len(list(deliveries.due())) == 1


def test_what_has_become_too_old_is_dropped() -> None:
    function = Function()
    deliveries = Deliveries(MAPPING, function, 8)
    deliveries.add([record("one", 1, age=61), record("one", 2)])
    deliver_all(deliveries)
    assert function.batches == [[2]]
