"""Servers of a test's own, which it may kill and start again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extensions import connection

from local.ports import free_port
from local.postgres import PostgresServer
from tests.databases import TEMPLATE, TestDatabase, TestServer
from tests.emulators import TestEmulator, running
from tests.outages.databases import Connector


@pytest.fixture(scope="module")
def mortal_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """A PostgreSQL server that a test may kill, with a migrated database."""
    server = PostgresServer(tmp_path_factory.mktemp("mortal-postgres"), free_port(), durable=False)
    try:
        found = TestServer(server, server.start())
        found.make_template()
        yield found
    finally:
        server.destroy()


@pytest.fixture
def mortal_database(mortal_postgres: TestServer) -> TestDatabase:
    """The migrated database of that server."""
    mortal_postgres.server.start()  # the test before may have left it dead
    return TestDatabase(TEMPLATE, mortal_postgres)


@pytest.fixture(scope="module")
def mortal_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestEmulator]:
    """An emulator that a test may kill."""
    state: Path = tmp_path_factory.mktemp("mortal-emulator")
    with running(state) as started:
        yield started


@pytest.fixture
def connector(database: TestDatabase) -> Iterator[Connector]:
    """This process's connection to a database, reopened when it broke."""
    with closing(Connector(database)) as found:
        yield found


@pytest.fixture
def superuser(database: TestDatabase) -> Iterator[connection]:
    """Whoever operates the server; every statement is a transaction."""
    with closing(database.connect_as_superuser()) as found:
        found.autocommit = True
        yield found
