"""Databases are made and migrated, by yoyo as by the real psql."""

import subprocess

from local import migrate
from local.settings import ROOT
from tests.databases import TestDatabase, TestServer

FILES = sorted((ROOT / "migrations").glob("*.sql"))


def test_creating_a_database_twice_is_harmless(postgres: TestServer) -> None:
    for _ in range(2):
        migrate.create_database(postgres.dsn("postgres"), "made_twice")
    assert migrate.migrate(postgres.dsn("made_twice")) == [file.stem for file in FILES]
    postgres.run("DROP DATABASE {} WITH (FORCE)", "made_twice")


def test_psql_takes_every_file_also_where_it_was_applied(postgres: TestServer, database: TestDatabase) -> None:
    psql = [str(postgres.server.programs() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", postgres.dsn(database.name)]
    for file in FILES:
        subprocess.run([*psql, "-f", str(file)], check=True)  # noqa: S603
