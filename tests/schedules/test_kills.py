"""Real workers, really killed: the result is that of a run in which nobody was killed."""

import pytest

from benchmarks import kill_herd, kills
from tests.databases import TestDatabase
from tests.emulators import running
from tests.schedules import files

PLACES, AT_RANDOM = 10, 3
ROLES = ("uploads", "text", "text")
PATIENCE_SECONDS = 240


def test_killed_workers_leave_what_others_leave(
    database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wanted: dict[str, tuple[bytes, dict[str, str]]] = {
        "text.pdf": (files.pdf([f"ship {number}" for number in range(12)]), {})
    }
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        place = kill_herd.Place(emulator, database)
        clean = kills.run(place, wanted, places=0, at_random=0, roles=ROLES, patience=PATIENCE_SECONDS)
        killed = kills.run(place, wanted, places=PLACES, at_random=AT_RANDOM, roles=ROLES, patience=PATIENCE_SECONDS)
    assert clean.contents["text.pdf"]["chunks"]
    assert kills.differences(clean, killed) == []
    assert killed.left_over == []
    assert killed.kills >= PLACES
