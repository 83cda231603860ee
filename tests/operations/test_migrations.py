"""Migrating says what it does, does it once at a time, and stops at what fails."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from operations import migrations
from operations.migrations import MigrationError, MigrationRunningError, RoleInUseError, migrate, set_password
from tests.databases import TestServer


@pytest.fixture
def empty(postgres: TestServer) -> Iterator[str]:
    """The address of a database without anything in it."""
    postgres.run("CREATE DATABASE {}", "to_be_migrated")
    yield postgres.dsn("to_be_migrated")
    postgres.run("DROP DATABASE {} WITH (FORCE)", "to_be_migrated")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations: one that works, one that fails, one that waits; and what is none."""
    (tmp_path / "0001.one.sql").write_text("CREATE TABLE one (number int);")
    (tmp_path / "0002.two.sql").write_text("INSERT INTO nowhere VALUES (1);")
    (tmp_path / "0003.three.sql").write_text("CREATE TABLE three (number int);")
    (tmp_path / "002_other_name.sql").write_text("\\ir 0001.one.sql")
    (tmp_path / "program.py").write_text("raise AssertionError")
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    return tmp_path


def tables(dsn: str) -> list[str]:
    with closing(psycopg2.connect(dsn)) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        return sorted(name for (name,) in cursor.fetchall())


def test_a_dry_run_names_what_is_pending_and_makes_nothing(empty: str, files: Path) -> None:
    report = migrate(empty, dry_run=True)
    assert report.pending == ("0001.one", "0002.two", "0003.three")
    assert (report.earlier, report.applied, tables(empty)) == (0, (), [])


def test_what_fails_is_named_and_what_came_before_stays(empty: str, files: Path) -> None:
    with pytest.raises(MigrationError) as raised:
        migrate(empty)
    report = raised.value.report
    assert [each.name for each in report.applied] == ["0001.one"]
    assert (report.failed, report.error) == ("0002.two", 'relation "nowhere" does not exist')
    assert report.pending == ("0002.two", "0003.three")

    (files / "0002.two.sql").write_text("CREATE TABLE nowhere (number int);")
    report = migrate(empty)
    assert (report.earlier, [each.name for each in report.applied]) == (1, ["0002.two", "0003.three"])
    assert {"one", "nowhere", "three"} <= set(tables(empty))


def test_who_comes_second_waits_and_finds_it_done(empty: str) -> None:
    with ThreadPoolExecutor(2) as both:
        reports = [future.result() for future in [both.submit(migrate, empty) for _ in range(2)]]
    applied = [each.name for report in reports for each in report.applied]
    assert applied == sorted(set(applied)) == sorted(migrations._names())


def test_who_waits_too_long_is_refused(empty: str) -> None:
    with closing(psycopg2.connect(empty)) as other, other.cursor() as cursor:
        cursor.execute(migrations.ALONE, (migrations.LOCK_KEY,))
        with pytest.raises(MigrationRunningError):
            migrate(empty, lock_seconds=1)
    assert migrate(empty, dry_run=True).earlier == 0  # the lock went with its holder


def test_a_role_that_another_database_uses_keeps_its_password(postgres: TestServer, empty: str) -> None:
    migrate(empty)
    set_password(empty, postgres.passwords.application, "rag_app")  # as it is
    with pytest.raises(RoleInUseError, match=r"role rag_app has another password, and works in .*template_"):
        set_password(empty, "another one", "rag_app")
    psycopg2.connect(postgres.dsn("to_be_migrated", "rag_app")).close()
