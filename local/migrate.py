"""The local database is made, and brought up to date as a deployed one is. Harmless when run again."""

from contextlib import closing

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from local.settings import APPLICATION_ROLE
from operations import migrations


def create_database(server_dsn: str, name: str) -> None:
    """Create a database unless it exists; server_dsn leads to another one of the same server."""
    with closing(psycopg2.connect(server_dsn)) as connection, connection.cursor() as cursor:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        if cursor.rowcount == 0:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def migrate(dsn: str) -> list[str]:
    """Apply the migrations that the database lacks, in order; returns their names."""
    return [migration.name for migration in migrations.migrate(dsn).applied]


def set_password(dsn: str, password: str, role: str = APPLICATION_ROLE) -> None:
    """Let a role that the migrations made log in with this password."""
    migrations.set_password(dsn, password, role)
