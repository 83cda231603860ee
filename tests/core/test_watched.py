"""Work in threads ends when who waits for it has enough."""

import threading
import time

import pytest

from core.watched import each_done, watched


def test_results_come_as_they_are_ready() -> None:
    second_is_done = threading.Event()

    def first() -> str:
        assert second_is_done.wait(30)
        return "first"

    seen = []
    for number, result in each_done([first, lambda: "second"], 2, lambda: None):
        seen.append((number, result))
        second_is_done.set()
    assert seen == [(1, "second"), (0, "first")]


def test_who_waits_looks_every_second_and_may_leave() -> None:
    release, begun = threading.Event(), list[int]()

    def task(number: int) -> None:
        begun.append(number)
        release.wait(60)

    def tick() -> None:
        raise InterruptedError

    started = time.monotonic()
    with pytest.raises(InterruptedError):
        list(each_done([lambda: task(0), lambda: task(1)], 1, tick))
    assert time.monotonic() - started < 15
    release.set()
    time.sleep(0.1)
    assert begun == [0]  # the other was never begun


def test_what_the_work_raises_rises() -> None:
    assert watched(lambda: 7, lambda: None) == 7
    with pytest.raises(ZeroDivisionError):
        watched(lambda: 1 // 0, lambda: None)
