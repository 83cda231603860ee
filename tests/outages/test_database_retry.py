"""Work on the process's connection: what is repeated, what is not, and when it is given up."""

import threading
import time
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import connection

from core.database import DatabaseUnavailableError, connect, transaction
from core.database_retry import ATTEMPTS, connected
from core.errors import TransientError
from core.settings import Settings
from tests.databases import TestDatabase
from tests.outages.databases import Connector

OWNERS = ["user:a"]
ADD = "INSERT INTO owners (principal) VALUES ('user:a') ON CONFLICT DO NOTHING"


def run(connector: Connector, statement: str) -> Any:
    """The first field of what a statement answers."""

    def work(opened: connection) -> Any:
        with transaction(opened, OWNERS) as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]

    return connected(connector, work)


def failing(connector: Connector, state: str) -> int:
    """How often work that always fails with this SQLSTATE is tried; it must be given up as unavailable."""
    tries = 0

    def work(opened: connection) -> None:
        nonlocal tries
        tries += 1
        with transaction(opened, OWNERS) as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as ordered' USING ERRCODE = '{state}'; END $$")

    with pytest.raises(TransientError):
        connected(connector, work)
    return tries


@pytest.mark.parametrize("state", ["40001", "57P01", "53300", "25006"])
def test_what_may_pass_in_a_moment_is_tried_again_and_then_given_up(connector: Connector, state: str) -> None:
    started = time.monotonic()
    assert failing(connector, state) == ATTEMPTS
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("state", ["53100", "53200", "57014", "55P03", "58030"])
def test_what_takes_longer_is_left_to_the_queue(connector: Connector, state: str) -> None:
    assert failing(connector, state) == 1


@pytest.mark.parametrize("state", ["23503", "22001", "42501", "54000", "P0001"])
def test_what_is_the_statements_fault_rises_as_it_is(connector: Connector, state: str) -> None:
    with pytest.raises(psycopg2.Error) as raised:
        run(connector, f"DO $$ BEGIN RAISE EXCEPTION 'as ordered' USING ERRCODE = '{state}'; END $$")
    assert raised.value.pgcode == state


def test_a_connection_that_the_server_has_ended_is_replaced_silently(
    connector: Connector, superuser: connection
) -> None:
    process = run(connector, "SELECT pg_backend_pid()")
    with superuser.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (process,))
    assert run(connector, "SELECT pg_backend_pid()") != process
    assert connector.opened == 2


def test_the_server_ends_a_connection_that_nobody_uses(database: TestDatabase, superuser: connection) -> None:
    with closing(Connector(database, {"idle_session_seconds": 1})) as connector, superuser.cursor() as cursor:
        process = run(connector, "SELECT pg_backend_pid()")
        deadline = time.monotonic() + 10
        while cursor.rowcount != 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (process,))
        assert run(connector, "SELECT 1") == 1
        assert connector.opened == 2


def test_work_whose_connection_ends_after_its_commit_is_done_again(connector: Connector) -> None:
    tries = []

    def work(opened: connection) -> int:
        with transaction(opened, OWNERS) as cursor:
            cursor.execute(ADD)
        tries.append(opened)
        if len(tries) == 1:  # the commit was carried out, and its answer lost
            opened.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        return len(tries)

    assert connected(connector, work) == 2
    assert run(connector, "SELECT count(*) FROM owners") == 1


def test_two_that_lock_each_other_out_both_get_through(database: TestDatabase) -> None:
    meeting = threading.Barrier(2, timeout=20)
    first_tries = {"ab": True, "ba": True}
    done: list[str] = []

    def both(order: str) -> None:
        def work(opened: connection) -> None:
            with transaction(opened, OWNERS) as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ord(order[0]),))
                if first_tries.pop(order, False):
                    meeting.wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ord(order[1]),))

        with closing(Connector(database)) as connector:
            connected(connector, work)
        done.append(order)

    threads = [threading.Thread(target=both, args=(order,)) for order in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["ab", "ba"]


def test_a_lock_is_not_waited_for_without_end(database: TestDatabase, superuser: connection) -> None:
    with superuser.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7)")
    with closing(Connector(database, {"lock_timeout_seconds": 1})) as connector:
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailableError, match="55P03"):
            run(connector, "SELECT pg_advisory_xact_lock(7)")
        assert time.monotonic() - started < 5


def test_there_is_room_for_no_more_connections_than_the_role_may_have(
    database: TestDatabase, superuser: connection
) -> None:
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT rolconnlimit, current_setting('max_connections')::int FROM pg_roles WHERE rolname = 'rag_app'"
        )
        limit, most = cursor.fetchone()  # type: ignore[misc]
        assert limit == most * 4 // 5
        cursor.execute("ALTER ROLE rag_app CONNECTION LIMIT 1")
        try:
            with closing(Connector(database)) as first, closing(Connector(database)) as second:
                assert run(first, "SELECT 1") == 1
                with pytest.raises(TransientError, match="cannot be reached"):
                    run(second, "SELECT 1")
                threading.Timer(0.3, first.close).start()
                assert run(second, "SELECT 1") == 1
        finally:
            cursor.execute(f"ALTER ROLE rag_app CONNECTION LIMIT {limit}")


def test_the_sessions_parameters_reach_the_server_without_command_line_options(database: TestDatabase) -> None:
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "work_mem")
    settings = database.settings(lock_timeout_seconds=3, idle_session_seconds=120)
    with closing(connect(settings, database.password)) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
        assert cursor.fetchone() == ("3s", "1min", "2min", "32MB")
        assert not opened.get_dsn_parameters().get("options")


def test_an_address_where_nobody_answers_is_given_up_in_seconds() -> None:
    nowhere = Settings(rag_postgres_db_write_endpoint="127.0.0.1:1")
    started = time.monotonic()
    with pytest.raises(TransientError):
        connected(lambda: connect(nowhere), lambda opened: None)
    assert time.monotonic() - started < 8
