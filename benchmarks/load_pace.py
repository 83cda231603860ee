"""When the clients of a load act: documents arrive by chance, connections a few at a time, and it ends with quiet."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence

AT_ONCE = 8  #: connections, or uploads without a pace, that are begun together
QUIET_SECONDS = 10  #: without anything new, until nothing is taken to be on its way any more


def arrivals(count: int, a_minute: int, chance: random.Random) -> list[float]:
    """Seconds from the start at which documents arrive: independently of each other, so in a Poisson process."""
    return list(itertools.accumulate(chance.expovariate(a_minute / 60) for _ in range(count)))


async def at(moment: float, work: Awaitable[None]) -> None:
    """Do something at a moment of ``time.perf_counter``, or at once when it has passed."""
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))
    await work


async def few_at_a_time(work: Sequence[Awaitable[object]]) -> None:
    """Do everything, a few things at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def through(one: Awaitable[object]) -> None:
        async with gate:
            await one

    await asyncio.gather(*map(through, work))


async def until_quiet(heard: Callable[[], int]) -> None:
    """Wait until a count has stayed as it is for a while."""
    since, last = time.perf_counter(), heard()
    while time.perf_counter() - since < QUIET_SECONDS:
        await asyncio.sleep(1)
        if (now := heard()) != last:
            since, last = time.perf_counter(), now
