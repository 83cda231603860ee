"""A newer file is stored and worked on to its end at each effect of a worker of the older one: the newer one stays."""

import uuid

import pytest

from core.status import Status
from tests.schedules.clock import Clock
from tests.schedules.faults import Fault
from tests.schedules.stage import FILES, Stage
from tests.schedules.verdicts import Verdicts
from tests.schedules.world import World

OLDER, NEWER = "three pages", "two pages"
STRIDE = 2  #: effects from one place to the next; what a call does before and after it are two


def work_all(world: World) -> None:
    """Deliver all that waits but for what is being delivered just now."""
    at_work = {id(message) for message in world.waiting if message.receives}
    while waiting := [message for message in world.waiting if id(message) not in at_work]:
        assert world.deliver(waiting[0]) == "done"


def overtake(world: World, key: str, at: int) -> bool:
    """Whether the newer file came in the midst of the older one's last part, which has no more effects otherwise."""
    came: list[int] = []

    def newer() -> None:
        came.append(at)
        world.put(key, *FILES[NEWER])
        work_all(world)

    world.put(key, *FILES[OLDER])
    while len(world.waiting) > 1 or not world.waiting[0].route or world.waiting[0].job.part < 2:
        assert world.deliver(world.waiting[0]) == "done"
    world.deliver(world.waiting[0], Fault(at, "other", newer))
    return bool(came)


def test_whatever_the_older_worker_still_does(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    clock.install(monkeypatch)
    world = ready.world(clock)
    at = places = 0
    while overtake(world, key := f"{uuid.uuid4().hex}/a", at):
        while world.waiting:  # what failed comes again
            world.deliver(world.waiting[0])
        verdicts = Verdicts(world, ready.superuser, ready.references)
        verdicts.note(key)
        status = world.status(key)
        assert status is not None
        assert (status.version, status.status) == (ready.references[NEWER].version, Status.COMPLETED), at
        verdicts.at_any_moment()
        verdicts.in_the_end({key: ready.references[NEWER].version})
        at = world.tally.interlude_at + STRIDE
        places += 1
    world.close()
    assert places > 10
