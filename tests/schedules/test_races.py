"""Two files of one name, the later one stored and taken in at each effect of the other's entry: the later one wins."""

import uuid

import pytest

from core.settings import Settings
from core.status import Status
from tests.emulators import TestEmulator
from tests.schedules import files
from tests.schedules.clock import Clock
from tests.schedules.faults import Fault, Tally
from tests.schedules.remembered import Remembered
from tests.schedules.stage import CHOSEN
from tests.schedules.world import World
from tests.services import no_database

MOST_EFFECTS = 60
FILES = {
    "three": files.pdf(["crane", "rudder", "anchor"]),
    "two": files.pdf(["lantern", "pump"]),
    "broken": b"%PDF-1.7",
}


@pytest.fixture
def world(own_emulator: TestEmulator, monkeypatch: pytest.MonkeyPatch) -> World:
    Remembered().install(monkeypatch)
    return World(own_emulator, Settings(**own_emulator.settings, **CHOSEN), no_database, Clock(), Tally())


def race(world: World, key: str, first: str, second: str, at: int) -> bool:
    """Whether the later file came in the midst of the earlier one's entry, which has no more effects otherwise."""
    came: list[int] = []

    def later() -> None:
        came.append(at)
        world.put(key, FILES[second], {})
        world.deliver(world.waiting[-1])

    world.put(key, FILES[first], {})
    world.deliver(world.waiting[-1], Fault(at, "other", later))
    return bool(came)


@pytest.mark.parametrize(("first", "second"), [("three", "two"), ("broken", "two"), ("two", "broken")])
def test_the_later_of_two_files_wins_wherever_it_comes(world: World, first: str, second: str) -> None:
    alone = f"{uuid.uuid4().hex}/a"
    world.put(alone, FILES[second], {})
    world.deliver(world.waiting[-1])
    wanted = world.status(alone)
    assert wanted is not None
    wrong, at = [], 0
    while race(world, key := f"{uuid.uuid4().hex}/a", first, second, at):
        for message in [each for each in world.waiting if not each.route]:  # those that failed come again
            world.deliver(message)
        status = world.status(key)
        assert status is not None
        if (status.version, status.status) != (wanted.version, wanted.status):
            wrong.append((at, status.status))
        if status.status is Status.QUEUED:
            plan = world.services.parts.plan(status.document_id, status.generation)
            assert plan is not None and plan.first.etag == world.present(key)
        at += 1
        assert at < MOST_EFFECTS
    assert at > 5
    assert wrong == []
