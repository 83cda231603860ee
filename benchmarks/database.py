"""A throw-away PostgreSQL server with the project's schema."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import connection

from core.database import connect
from core.settings import Settings
from local import migrate, ports
from local.postgres import SUPERUSER, PostgresServer

DATABASE = "benchmark"


@dataclass(frozen=True)
class Database:
    """Where it is, for the application's role and for one that may do all."""

    settings: Settings
    application: connection
    superuser_dsn: str


@contextmanager
def throwaway_database() -> Iterator[Database]:
    """A migrated, empty database on a server of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder), ports.free_port())
        try:
            passwords = server.start()
            migrate.create_database(server.dsn(passwords, SUPERUSER, "postgres"), DATABASE)
            dsn = server.dsn(passwords, SUPERUSER, DATABASE)
            migrate.migrate(dsn)
            migrate.set_password(dsn, passwords.application)
            settings = Settings(
                rag_postgres_db_write_endpoint=f"127.0.0.1:{server.port}", rag_postgres_db_name=DATABASE
            )
            with closing(connect(settings, lambda: passwords.application)) as application:
                yield Database(settings, application, dsn)
        finally:
            server.destroy()
