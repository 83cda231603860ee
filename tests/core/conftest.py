"""DynamoDB and the other AWS services, for tests of what is kept in them."""

from collections.abc import Iterator

import pytest

from tests.emulators import TestEmulator, running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestEmulator]:
    """An emulator of this run's own."""
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator
