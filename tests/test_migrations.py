"""Migrations: yoyo and plain psql give one schema, twice is harmless, and rows are locked to their owners."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from core.database import transaction
from local import migrate
from local.settings import APPLICATION_ROLE
from tests.databases import TestDatabase, TestServer

FOLDER = Path(__file__).parents[1] / "migrations"
FILES = sorted(FOLDER.glob("[0-9][0-9][0-9][0-9].*"))

#: Everything that the migrations make, as text: columns, indexes, constraints, policies, functions, privileges, options
SCHEMA = """
SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' '
       || attnotnull || ' ' || attidentity::text || ' ' || attstorage::text
FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND relname !~ '^_?yoyo'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^_?yoyo'
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text !~ '^_?yoyo'
UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || qual || coalesce(with_check, '')
FROM pg_policies
UNION ALL SELECT 'function ' || proname || ' ' || prosrc FROM pg_proc WHERE proname ~ '^rag_'
UNION ALL SELECT 'table ' || relname || ' ' || relrowsecurity || ' ' || coalesce(relacl::text, '') || ' '
       || coalesce(reloptions::text, '')
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ '^_?yoyo'
ORDER BY 1
"""


@pytest.fixture
def empty(postgres: TestServer) -> Iterator[str]:
    """The address of a database without anything in it."""
    postgres.run("CREATE DATABASE {}", "never_migrated")
    yield postgres.dsn("never_migrated")
    postgres.run("DROP DATABASE {} WITH (FORCE)", "never_migrated")


def rows(dsn: str, statement: str) -> list[str]:
    with closing(psycopg2.connect(dsn)) as admin, admin, admin.cursor() as cursor:
        cursor.execute(statement)
        return [row for (row,) in cursor.fetchall()]


def run_as_psql_does(dsn: str) -> None:
    """Send each file whole, in order."""
    with closing(psycopg2.connect(dsn)) as admin:
        admin.autocommit = True
        for file in FILES:
            with admin.cursor() as cursor:
                cursor.execute(file.read_text("utf-8"))


def test_files_are_numbered_without_gaps() -> None:
    assert FILES
    for number, file in enumerate(FILES, start=1):
        assert re.fullmatch(rf"{number:04}\.[a-z_]+\.sql", file.name), file.name


def test_plain_sql_gives_the_same_schema_as_yoyo(postgres: TestServer, database: TestDatabase, empty: str) -> None:
    run_as_psql_does(empty)
    assert rows(empty, SCHEMA) == rows(postgres.dsn(database.name), SCHEMA)


def test_applying_twice_is_harmless(postgres: TestServer, database: TestDatabase, empty: str) -> None:
    assert migrate.migrate(postgres.dsn(database.name)) == []
    assert migrate.migrate(empty) == [file.stem for file in FILES]
    before = rows(empty, SCHEMA)
    run_as_psql_does(empty)
    assert rows(empty, SCHEMA) == before


def test_every_table_with_an_owner_is_under_row_level_security(postgres: TestServer, database: TestDatabase) -> None:
    owned = """
    SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE attname = 'owner_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    """
    tables = set(rows(postgres.dsn(database.name), owned))
    assert tables >= {"documents", "hybrid_dense_embeddings", "hybrid_bm25_index", "document_bm25_metadata"}
    locked = "SELECT relname FROM pg_class WHERE relrowsecurity"
    assert tables <= set(rows(postgres.dsn(database.name), locked))


def test_the_application_role_has_no_way_around(postgres: TestServer, database: TestDatabase) -> None:
    powers = f"""
    SELECT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)::text
    FROM pg_roles WHERE rolname = '{APPLICATION_ROLE}'
    """  # noqa: S608
    assert rows(postgres.dsn(database.name), powers) == ["false"]
    owned = f"SELECT relname FROM pg_class WHERE relowner = '{APPLICATION_ROLE}'::regrole"  # noqa: S608
    assert rows(postgres.dsn(database.name), owned) == []
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with closing(database.connect()) as application, refused, transaction(application, ["user:alice"]) as cursor:
        cursor.execute("ALTER TABLE documents DISABLE ROW LEVEL SECURITY")
