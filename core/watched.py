"""Watched: work in threads, so that whoever waits for it can look about every second whether to go on waiting."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

TICK_SECONDS = 1.0

Result = TypeVar("Result")


def each_done(
    tasks: Sequence[Callable[[], Result]], at_a_time: int, tick: Callable[[], None]
) -> Iterator[tuple[int, Result]]:
    """The number of each task, from 0, and its result, as they end; ``tick`` is called about every second meanwhile.

    Whatever a task or ``tick`` raises rises at once: tasks that wait are not begun, and those under way are left to
    end by themselves, so they must touch nothing that others still need.
    """
    pool = ThreadPoolExecutor(max(1, at_a_time))
    try:
        numbers = {pool.submit(task): number for number, task in enumerate(tasks)}
        waiting = set(numbers)
        while waiting:
            ended, waiting = wait(waiting, TICK_SECONDS, FIRST_COMPLETED)
            for future in sorted(ended, key=numbers.__getitem__):
                yield numbers[future], future.result()
            tick()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def watched(work: Callable[[], Result], tick: Callable[[], None]) -> Result:
    """The result of one task, in the same way."""
    return next(result for _, result in each_done([work], 1, tick))
