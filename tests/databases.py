"""Real databases for tests: each a fresh copy of one that was migrated once."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection

from core.database import connect
from core.settings import Settings
from local import migrate
from local.passwords import Passwords
from local.postgres import SUPERUSER, PostgresServer
from local.settings import OPERATIONS_ROLE

TEMPLATE = "template_amplify_rag"


@dataclass(frozen=True)
class TestServer:
    """A PostgreSQL server of this test run, with a migrated database to copy."""

    server: PostgresServer
    passwords: Passwords

    __test__ = False  # not a test case

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def dsn(self, database: str, role: str = SUPERUSER) -> str:
        """The address of a database, as a URL with the role's password."""
        return self.server.dsn(self.passwords, role, database)

    def run(self, statement: str, name: str) -> None:
        """Run a statement about the database called name, outside of any transaction."""
        with closing(psycopg2.connect(self.dsn("postgres"))) as admin, admin.cursor() as cursor:
            admin.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(TEMPLATE)))

    def make_template(self) -> None:
        """Migrate the database that tests get copies of."""
        migrate.create_database(self.dsn("postgres"), TEMPLATE)
        migrate.migrate(self.dsn(TEMPLATE))
        migrate.set_password(self.dsn(TEMPLATE), self.passwords.application)
        migrate.set_password(self.dsn(TEMPLATE), self.passwords.operations, OPERATIONS_ROLE)


@dataclass(frozen=True)
class TestDatabase:
    """One test's own database: migrated, empty, gone afterwards."""

    name: str
    server: TestServer

    __test__ = False

    def settings(self, **overrides: Any) -> Settings:
        """Settings that name this database; other fields as given."""
        return Settings(
            rag_postgres_db_write_endpoint=self.server.endpoint,
            rag_postgres_db_read_endpoint=self.server.endpoint,
            rag_postgres_db_name=self.name,
            rag_postgres_db_sslmode="disable",
            **overrides,
        )

    @property
    def password(self) -> Callable[[], str]:
        """What `core.database.connect` asks for the application role's password."""
        return lambda: self.server.passwords.application

    def connect(self, *, read_only: bool = False) -> connection:
        """A new connection as the application role, opened by the code under test; the caller closes it."""
        return connect(self.settings(), self.password, read_only=read_only)

    def connect_as_superuser(self) -> connection:
        """A new connection that no row security holds back; the caller closes it."""
        return psycopg2.connect(self.server.dsn(self.name))
