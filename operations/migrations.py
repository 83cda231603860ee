"""Migrations: brings a database up to date with `migrations/`, by yoyo, one file after the other, and says what it did.

One run at a time: an advisory lock keeps a second one out, and is gone with the connection of whoever held it. A run
that was killed is simply repeated, as every statement may run again unharmed.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection, encrypt_password
from yoyo import get_backend, read_migrations

from core.errors import RagError

FOLDER = Path(__file__).resolve().parents[1] / "migrations"
NUMBERED = re.compile(r"\d{4}\.")  #: the folder's other files are further names of these for psql, and programs
LOCK_KEY = "amplify-rag migrations"
LOCK_SECONDS = 60  #: a run waits so long for another one to end
ALONE = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
#: Roles belong to a server, what they may do to a database; in which others than this one a role may do something
ELSEWHERE = """
SELECT DISTINCT datname FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid
WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = %s)
  AND datname <> current_database()
ORDER BY datname
"""


class MigrationRunningError(RagError):
    """Another run holds the lock."""


class RoleInUseError(RagError):
    """Other databases of the server use the role, with another password: they would lose it."""

    def __init__(self, role: str, databases: Sequence[str]) -> None:
        named = ", ".join(databases)
        super().__init__(f"role {role} has another password, and works in {named} too: a stage wants its own server")


class MigrationError(RagError):
    """A migration failed; those before it stay applied, and ``report`` names them."""

    def __init__(self, report: "Report") -> None:
        super().__init__(f"migration {report.failed} failed: {report.error}")
        self.report = report


@dataclass(frozen=True)
class Applied:
    """A migration that this run applied."""

    name: str
    duration_ms: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run found and did."""

    earlier: int  #: migrations that had been applied before
    applied: Sequence[Applied] = ()
    pending: Sequence[str] = ()  #: those the database still lacks
    duration_ms: int = 0
    failed: str = ""  #: the migration that could not be applied; empty: none
    error: str = ""  #: the database's own sentence about that

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def migrate(dsn: str, *, dry_run: bool = False, lock_seconds: int = LOCK_SECONDS) -> Report:
    """Apply what the database lacks, in order; a dry run writes nothing and answers what is pending.

    ``dsn`` is a URL and leads to the owner of the schema. Raises MigrationError with the report of what was done
    before it, MigrationRunningError when another run does not end in time, and psycopg2.Error when nothing answers.
    """
    started = time.perf_counter()
    with _alone(dsn, lock_seconds) as database:
        earlier = _earlier(database)
        names = [name for name in _names() if name not in earlier]
        applied: list[Applied] = []
        report = partial(_report, started, earlier, applied, names)
        for name in () if dry_run else names:
            try:
                applied.append(Applied(name, _apply(dsn, name)))
            except psycopg2.Error as cause:
                sentence = cause.diag.message_primary or type(cause).__name__
                raise MigrationError(report(failed=name, error=sentence)) from cause
        return report()


def set_password(dsn: str, password: str, role: str) -> None:
    """Let a role that the migrations made log in with this password, of which the server sees the hash alone.

    Raises RoleInUseError when it has another one by which functions of another database log in.
    """
    if _logs_in(dsn, role, password):
        return
    with closing(psycopg2.connect(dsn)) as database, database, database.cursor() as cursor:
        cursor.execute(ELSEWHERE, (role,))
        if others := [name for (name,) in cursor.fetchall()]:
            raise RoleInUseError(role, others)
        hashed = encrypt_password(password, role, database, "scram-sha-256")
        cursor.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)), (hashed,))


def _logs_in(dsn: str, role: str, password: str) -> bool:
    try:
        psycopg2.connect(dsn, user=role, password=password).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def _alone(dsn: str, seconds: int) -> Iterator[connection]:
    """A connection that holds the lock; closing it gives the lock back."""
    with closing(psycopg2.connect(dsn)) as database:
        database.autocommit = True  # no transaction stays open beside those of the migrations
        with database.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{seconds}s",))
            try:
                cursor.execute(ALONE, (LOCK_KEY,))
            except psycopg2.errors.LockNotAvailable as error:
                raise MigrationRunningError(f"another migration has been running for over {seconds} s") from error
        yield database


def _names() -> list[str]:
    """The migrations of this checkout, in order."""
    return sorted(file.stem for file in FOLDER.glob("*.sql") if NUMBERED.match(file.name))


def _earlier(database: connection) -> set[str]:
    """The migrations that yoyo knows to be applied; asked without it, as it would make its tables."""
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('_yoyo_migration') IS NOT NULL")
        if not (cursor.fetchone() or (False,))[0]:
            return set()
        cursor.execute("SELECT migration_id FROM _yoyo_migration")
        return {name for (name,) in cursor.fetchall()}


def _apply(dsn: str, name: str) -> int:
    """Apply one migration; the milliseconds it took."""
    started = time.perf_counter()
    with get_backend(dsn) as backend:
        [migration] = read_migrations(str(FOLDER)).filter(lambda each: each.id == name)
        backend.apply_one(migration)
    return _since(started)


def _report(
    started: float, earlier: set[str], applied: Sequence[Applied], names: Sequence[str], **failure: str
) -> Report:
    pending = names[len(applied) :]
    return Report(
        earlier=len(earlier), applied=tuple(applied), pending=tuple(pending), duration_ms=_since(started), **failure
    )


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
