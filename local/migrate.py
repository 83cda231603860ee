"""Applies `migrations/` by yoyo and sets the passwords of the roles. Harmless when run again."""

from contextlib import closing

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from yoyo import get_backend, read_migrations

from local.settings import APPLICATION_ROLE, ROOT


def create_database(server_dsn: str, name: str) -> None:
    """Create a database unless it exists; server_dsn leads to another one of the same server."""
    with closing(psycopg2.connect(server_dsn)) as connection, connection.cursor() as cursor:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        if cursor.rowcount == 0:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def migrate(dsn: str) -> list[str]:
    """Apply the migrations that the database lacks, in order; returns their names."""
    backend = get_backend(dsn)
    try:
        with backend.lock():
            missing = backend.to_apply(read_migrations(str(ROOT / "migrations")))
            backend.apply_migrations(missing)
            return [migration.id for migration in missing]
    finally:
        backend.connection.close()


def set_password(dsn: str, password: str, role: str = APPLICATION_ROLE) -> None:
    """Let a role that the migrations made log in with this password."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)), (password,))
