"""A process's connection to a test's database, and what can be done to the server."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from core.database import connect
from local.errors import StartError
from tests.databases import TestDatabase, TestServer

RESTART_SECONDS = 30


@dataclass
class Connector:
    """Opens a connection when there is none, as ``core.aws.database`` does; counts those it has opened."""

    database: TestDatabase
    settings: dict[str, Any] = field(default_factory=dict)
    opened: int = 0
    _connection: connection | None = None

    def __call__(self) -> connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.database.settings(**self.settings), self.database.password)
            self.opened += 1
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def kill(server: TestServer) -> None:
    """End PostgreSQL as a power cut does to its processes, without a word to anybody."""
    process = server.server.server.pid()
    assert process is not None, "PostgreSQL does not run"
    os.kill(process, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(process, 0)
    deadline = time.monotonic() + RESTART_SECONDS
    while _answers(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def restart(server: TestServer) -> None:
    """Start it again on its port; it first waits until the processes of the killed one have noticed."""
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            server.server.start()
        except StartError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _answers(server: TestServer) -> bool:
    try:
        psycopg2.connect(server.dsn("postgres"), connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
