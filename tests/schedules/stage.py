"""The stage of schedules: what their examples share, and what becomes of each content when nothing goes wrong."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from core.settings import Settings
from tests.emulators import DERIVED, TestEmulator
from tests.schedules import contents, files
from tests.schedules.clock import Clock
from tests.schedules.faults import Tally
from tests.schedules.remembered import Remembered
from tests.schedules.verdicts import Reference
from tests.schedules.world import World

if TYPE_CHECKING:
    from psycopg2.extensions import connection

CHOSEN: dict[str, Any] = {
    "text_part_pages": 1,
    "visual_part_pages": 2,
    "parts_in_flight": 2,
    "status_interval_seconds": 0.0,
    "stale_seconds": 0,
    "page_image_edge": 160,
    "page_thumbnail_edge": 40,
    "max_receive_count": 4,
    "max_tries": 3,
    "ocr_languages": "eng",
}
#: name → file name's ending is the same for all: bytes, metadata
FILES: dict[str, tuple[bytes, Mapping[str, str]]] = {
    "three pages": (files.pdf(["crane", "rudder", "anchor"]), {}),
    "two pages": (files.pdf(["lantern", "compass"]), {}),
    "two pages as pictures": (files.pdf(["pump", "valve", "boiler"]), {"rag_route": "visual"}),
    "a page and a scan": (files.pdf(["rope"], ["winch"]), {}),
    "a deck": (files.deck(["mast", "sail", "keel"]), {}),
    "broken": (files.BROKEN_PDF, {}),
}
#: Those that are soon read
QUICK = ("three pages", "two pages", "two pages as pictures", "broken")


@dataclass
class Stage:
    """What the examples of one run share."""

    emulator: TestEmulator
    settings: Settings
    connect: "Callable[[], connection]"
    superuser: "connection"
    references: dict[str, Reference]
    tally: Tally

    def world(self, clock: Clock) -> World:
        return World(self.emulator, self.settings, self.connect, clock, self.tally)


@contextmanager
def stage(
    emulator: TestEmulator,
    settings: Settings,
    connect: "Callable[[], connection]",
    superuser: "connection",
    names: Sequence[str] = QUICK,
) -> Iterator[Stage]:
    """A stage with what becomes of each content of these names when nothing goes wrong, found out once."""
    with pytest.MonkeyPatch.context() as patch:
        Remembered().install(patch)
        ready = Stage(emulator, settings, connect, superuser, {}, Tally())
        for name in names:
            ready.references[name] = _reference(ready, name)
        ready.tally = Tally()
        yield ready


def _reference(ready: Stage, name: str) -> Reference:
    data, metadata = FILES[name]
    world = ready.world(Clock())
    key = f"{uuid.uuid4().hex}/a"
    world.put(key, data, metadata)
    while world.waiting:
        assert world.deliver(world.waiting[0]) == "done"
    world.close()
    status = world.status(key)
    assert status is not None
    stored = [each for each in contents.stored_versions(ready.superuser) if each.document_id == status.document_id]
    rows = contents.content_of(ready.superuser, stored[0].key) if stored else {}
    objects = contents.objects_of(world.plain["s3"], DERIVED, f"{status.document_id}/{status.generation}/")
    return Reference(status.version, status.status, status.metadata, rows, objects)


def settings_of(emulator: TestEmulator, of: Callable[..., Settings]) -> Settings:
    """The settings of a stage, over those that name a database."""
    return of(**emulator.settings, **CHOSEN)
