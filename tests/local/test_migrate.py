"""Migrations: once each, in order, also without the tool."""

import subprocess
from contextlib import closing

import psycopg2

from local import migrate
from local.settings import ROOT
from tests.databases import TestDatabase, TestServer

MIGRATIONS = sorted((ROOT / "migrations").glob("*.sql"))


def columns(dsn: str) -> list[tuple[str, ...]]:
    """Every column of every table that is ours."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name !~ '^_?yoyo' ORDER BY 1, 2"
        )
        return cursor.fetchall()


def test_names_are_numbered_without_gaps() -> None:
    assert [file.name[:4] for file in MIGRATIONS] == [f"{number:04}" for number in range(1, len(MIGRATIONS) + 1)]


def test_a_second_run_applies_nothing(database: TestDatabase) -> None:
    assert migrate.migrate(database.server.dsn(database.name)) == []


def test_a_new_database_gets_all_of_them_in_order(postgres: TestServer) -> None:
    migrate.create_database(postgres.dsn("postgres"), "empty")
    migrate.create_database(postgres.dsn("postgres"), "empty")  # harmless
    assert migrate.migrate(postgres.dsn("empty")) == [file.stem for file in MIGRATIONS]
    postgres.run("DROP DATABASE {} WITH (FORCE)", "empty")


def test_psql_in_order_makes_the_same_tables(postgres: TestServer, database: TestDatabase) -> None:
    migrate.create_database(postgres.dsn("postgres"), "by_psql")
    psql = [str(postgres.server.programs() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", postgres.dsn("by_psql")]
    for file in [*MIGRATIONS, *MIGRATIONS]:  # twice: harmless
        subprocess.run([*psql, "-f", str(file)], check=True)  # noqa: S603
    assert columns(postgres.dsn("by_psql")) == columns(postgres.dsn(database.name))
    postgres.run("DROP DATABASE {} WITH (FORCE)", "by_psql")


def test_the_application_role_is_bound_by_row_security(database: TestDatabase) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("rag_app", False, False)
