"""The embedded server: private, unprivileged, and whole again after it was killed."""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from local.errors import PortTakenError
from local.passwords import Passwords
from local.ports import free_port
from local.postgres import PostgresServer
from tests.databases import TestServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    made = PostgresServer(tmp_path, free_port(), durable=False)
    yield made
    made.destroy()


def owner_of_process(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_never_runs_as_root(server: PostgresServer) -> None:
    server.start()
    pid = server.server.pid()
    assert pid is not None
    assert owner_of_process(pid) != 0


def test_passwords_are_private_and_needed(server: PostgresServer) -> None:
    known = server.start()
    assert stat.S_IMODE((server.state / "passwords.json").stat().st_mode) == 0o600
    for wrong in ("", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(server.dsn(Passwords(wrong, wrong, wrong), database="postgres"))
    assert known.superuser not in server.server.log_file.read_text()


def test_listens_on_the_loopback_interface_only(server: PostgresServer) -> None:
    known = server.start()
    with closing(psycopg2.connect(server.dsn(known, database="postgres"))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')")
        assert cursor.fetchone() == ("127.0.0.1", "")


def test_keeps_its_data_when_killed(server: PostgresServer) -> None:
    known = server.start()
    with closing(psycopg2.connect(server.dsn(known, database="postgres"))) as connection, connection:
        connection.cursor().execute("CREATE TABLE kept AS SELECT 7 AS n")
    pid = server.server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    server.start()
    with closing(psycopg2.connect(server.dsn(known, database="postgres"))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchone() == (7,)


def test_starting_twice_is_harmless(server: PostgresServer) -> None:
    assert server.start() == server.start()


def test_a_new_state_folder_means_a_new_database(server: PostgresServer) -> None:
    before = server.start()
    server.stop()
    (server.state / "passwords.json").unlink()
    assert server.start() != before


def test_a_port_of_another_program_is_named(postgres: TestServer, tmp_path: Path) -> None:
    with pytest.raises(PortTakenError, match=f"Port {postgres.server.port} "):
        PostgresServer(tmp_path, postgres.server.port).start()
