import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from types import SimpleNamespace
from typing import Any

import pytest

from local.environments import ENVIRONMENTS, acquire_patiently, after_giving_way


class Pool:
    """Environments of a function, as ministack leases them; so many calls find all of those at work that may be."""

    def __init__(self, busy_calls: int) -> None:
        self.busy_calls = busy_calls
        self.asked: list[int | None] = []

    def acquire(self, name: str, *, qualifier: str, max_concurrency: int | None = None) -> tuple[Any, str]:
        self.asked.append(max_concurrency)
        if max_concurrency is not None and len(self.asked) <= self.busy_calls:
            return None, "func_cap"
        return f"{name}:{qualifier}", "reused" if max_concurrency else "spawn"


def test_a_free_environment_is_taken_at_once() -> None:
    pool = Pool(busy_calls=0)
    assert acquire_patiently(pool.acquire)("query", qualifier="1") == ("query:1", "reused")
    assert pool.asked == [ENVIRONMENTS]


def test_where_all_are_at_work_one_of_them_is_waited_for() -> None:
    pool = Pool(busy_calls=3)
    assert acquire_patiently(pool.acquire)("query", qualifier="1") == ("query:1", "reused")
    assert len(pool.asked) == 4


def test_patience_ends_with_one_more() -> None:
    pool = Pool(busy_calls=1_000_000)
    assert acquire_patiently(pool.acquire, 0.1)("query", qualifier="1") == ("query:1", "spawn")
    assert pool.asked[-1] is None


def test_of_all_who_wait_for_one_function_one_starts_another_at_a_time() -> None:
    pool = Pool(busy_calls=1_000_000)
    acquire = acquire_patiently(pool.acquire, 0.4)
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as callers:
        three = [callers.submit(acquire, "query", qualifier="1") for _ in range(3)]
        other = callers.submit(acquire, "another", qualifier="1")
        in_order = list(as_completed([*three, other]))
    assert time.monotonic() - begun >= 3 * 0.4
    assert in_order[-1] is not other  # it has waited for the patience of its own function alone
    assert [call.result() for call in three] == [("query:1", "spawn")] * 3
    assert other.result() == ("another:1", "spawn")


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started


@pytest.mark.parametrize(("function", "step"), [("worker", 9), ("query", 0)])
def test_functions_give_way(process: "subprocess.Popen[bytes]", function: str, step: int) -> None:
    begun: list[str] = []
    environment = SimpleNamespace(func_name=function, _proc=process)
    before = os.getpriority(os.PRIO_PROCESS, process.pid)
    after_giving_way(lambda each: begun.append(each.func_name), {"worker": 9, "query": 0}.__getitem__)(environment)
    assert begun == [function]
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == before + step


def test_a_process_that_has_ended_needs_no_priority(process: "subprocess.Popen[bytes]") -> None:
    process.communicate(b"\n")
    begun: list[object] = []
    after_giving_way(begun.append, lambda _name: 9)(SimpleNamespace(func_name="worker", _proc=process))
    assert len(begun) == 1
