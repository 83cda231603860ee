"""Databases are made and migrated, by yoyo as by the real psql."""

import subprocess

import pytest

from local import migrate
from local.settings import ROOT
from tests.databases import TestDatabase, TestServer

FOLDER = ROOT / "migrations"
FILES = sorted(FOLDER.glob("[0-9][0-9][0-9][0-9].*.sql"))


def test_creating_a_database_twice_is_harmless(postgres: TestServer) -> None:
    for _ in range(2):
        migrate.create_database(postgres.dsn("postgres"), "made_twice")
    assert migrate.migrate(postgres.dsn("made_twice")) == [file.stem for file in FILES]
    postgres.run("DROP DATABASE {} WITH (FORCE)", "made_twice")


def test_psql_takes_every_file_also_where_it_was_applied(postgres: TestServer, database: TestDatabase) -> None:
    psql = [str(postgres.server.programs() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", postgres.dsn(database.name)]
    for file in FILES:
        subprocess.run([*psql, "-f", str(file)], check=True)  # noqa: S603


@pytest.mark.parametrize("name", ["hybrid_search_schema.sql", "002_vdr_tables.sql"])
def test_psql_makes_all_of_the_schema_by_a_name_of_the_guides(postgres: TestServer, name: str) -> None:
    postgres.run("CREATE DATABASE {}", "by_psql")
    psql = [str(postgres.server.programs() / "psql"), "-X", "-q", "-t", "-A", postgres.dsn("by_psql")]
    for command in (["-f", str(FOLDER / name)], ["-c", f"\\i {FOLDER / name}"]):
        subprocess.run([*psql, *command], check=True, capture_output=True)  # noqa: S603
    listed = subprocess.run([*psql, "-c", "\\dt"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    tables = {line.split("|")[1] for line in listed.splitlines()}
    postgres.run("DROP DATABASE {} WITH (FORCE)", "by_psql")
    assert {"hybrid_dense_embeddings", "hybrid_bm25_index", "document_bm25_metadata", "document_vdr_pages"} <= tables


def test_the_name_for_all_of_the_schema_leaves_no_file_out() -> None:
    included = [line.removeprefix("\\ir ") for line in (FOLDER / "hybrid_search_schema.sql").read_text().splitlines()]
    assert [line for line in included if line.endswith(".sql") and not line.startswith("--")] == [
        file.name for file in FILES
    ]
