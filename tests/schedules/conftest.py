"""Fixtures: a stage for schedules, with an emulator of its own."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.databases import TestDatabase
from tests.emulators import TestEmulator, running
from tests.schedules.stage import Stage, settings_of, stage


@pytest.fixture(scope="session")
def own_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestEmulator]:
    """One of its own: the health check looks after all documents of whomever."""
    with running(tmp_path_factory.mktemp("emulator")) as started:
        yield started


@pytest.fixture
def ready(own_emulator: TestEmulator, database: TestDatabase) -> Iterator[Stage]:
    with (
        closing(database.connect_as_superuser()) as superuser,
        stage(own_emulator, settings_of(own_emulator, database.settings), database.connect, superuser) as made,
    ):
        yield made
