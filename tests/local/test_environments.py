from typing import Any

from local.environments import ENVIRONMENTS, acquire_patiently


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
