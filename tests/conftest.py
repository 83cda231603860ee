"""Fixtures for everything: a real PostgreSQL server, a database a test, the running local stack."""

from collections.abc import Callable, Generator, Iterator
from itertools import count

import pytest

from core.settings import Settings
from local.ports import free_port
from local.postgres import PostgresServer
from local.stack import LocalStack
from tests.databases import TestDatabase, TestServer
from tests.emulators import TestEmulator, running
from tests.stacks import RunningStack

#: They begin first, so that none of them is left when all else is done; without the folders
LONGEST = ("test_recovery_deployed.py", "test_vdr_pipeline.py", "test_fairness.py", "test_demo.py", "test_cut_short.py")
_number = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the test processes take file after file in this order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Logs of hostile text may hold what no encoding takes; a report must get from a test process to the terminal."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """A PostgreSQL server for this run, on a free port, with one migrated database to copy."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"), free_port(), durable=False)
    try:
        test_server = TestServer(server, server.start())
        test_server.make_template()
        yield test_server
    finally:
        server.destroy()


@pytest.fixture
def database(postgres: TestServer) -> Iterator[TestDatabase]:
    """A migrated, empty database of this test's own."""
    name = f"test_{next(_number)}"
    postgres.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name)
    yield TestDatabase(name, postgres)
    postgres.run("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def settings_for(database: TestDatabase) -> Callable[..., Settings]:
    """Makes settings that name this test's database, with other fields as given."""
    return database.settings


@pytest.fixture(scope="session")
def stack() -> RunningStack:
    """This checkout's local stack, up to date: the running one, else it is started (and left running)."""
    local_stack = LocalStack()
    return RunningStack(local_stack, local_stack.up())


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestEmulator]:
    """The AWS services for this run, on a free port, furnished and without functions."""
    with running(tmp_path_factory.mktemp("emulator")) as started:
        yield started
