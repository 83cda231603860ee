"""Fixtures of what operators do."""

from collections.abc import Iterator

import pytest

from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.operations.desk import Desk
from tests.operations.ward import Ward


@pytest.fixture
def desk(emulator: TestEmulator, database: TestDatabase) -> Iterator[Desk]:
    """Both pipelines with dead-letter queues of their own."""
    opened = database.connect()
    yield Desk(emulator, database, opened, text_part_pages=1)
    opened.close()


@pytest.fixture
def ward(emulator: TestEmulator, database: TestDatabase) -> Iterator[Ward]:
    """Stores of a test's own, and their doctor."""
    opened = database.connect()
    ward = Ward(emulator, database, opened)
    yield ward
    ward.reading.close()
    opened.close()
