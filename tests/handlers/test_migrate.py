"""The function that brings the database up to date, as an operator calls it."""

import json
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from local.migrate import create_database
from local.postgres import SUPERUSER
from local.settings import APPLICATION_ROLE, OPERATIONS_ROLE
from operations import migrations
from tests.databases import TestServer
from tests.emulators import TestEmulator
from tests.handlers.runtime_api import Function

NAMES = sorted(file.stem for file in migrations.FOLDER.glob("[0-9][0-9][0-9][0-9].*.sql"))


@pytest.fixture
def migrate(function: Callable[..., Function], postgres: TestServer, emulator: TestEmulator) -> Function:
    """The function over an empty database."""
    create_database(postgres.dsn("postgres"), "to_migrate")
    passwords = postgres.passwords
    secrets = {
        "test/administrator": {"username": SUPERUSER, "password": passwords.superuser},
        "test/application": {"password": passwords.application},
        "test/operations": {"password": passwords.operations},
    }
    for name, value in secrets.items():
        emulator.emulator.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value))
    return function(
        "migrate",
        RAG_POSTGRES_DB_NAME="to_migrate",
        RAG_POSTGRES_DB_ADMINISTRATOR_SECRET="test/administrator",  # noqa: S106  its name
        RAG_POSTGRES_DB_SECRET="test/application",  # noqa: S106
        RAG_POSTGRES_DB_OPERATIONS_SECRET="test/operations",  # noqa: S106
    )


def test_it_looks_applies_and_finds_nothing_more_to_do(migrate: Function, postgres: TestServer) -> None:
    looked = migrate.invoke({"dryRun": True})
    assert (looked["pending"], looked["applied"], looked["passwords"]) == (NAMES, [], [])

    applied = migrate.invoke({})
    assert [each["name"] for each in applied["applied"]] == NAMES
    assert (applied["earlier"], applied["pending"], applied["error"]) == (0, [], "")
    assert applied["passwords"] == [APPLICATION_ROLE, OPERATIONS_ROLE]
    for role in applied["passwords"]:
        with closing(psycopg2.connect(postgres.dsn("to_migrate", role))) as opened, opened.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM document_versions" if role == APPLICATION_ROLE else "SELECT 0")
            assert cursor.fetchone() == (0,)

    again = migrate.invoke({})
    assert (again["earlier"], again["applied"]) == (len(NAMES), [])
    for password in vars(postgres.passwords).values():
        assert password not in migrate.log
