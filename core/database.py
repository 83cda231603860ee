"""The database: how a connection is opened, and what one transaction may see.

Whoever opens a connection owns it: stores take a connection and never open one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg2
from pgvector.psycopg2 import register_vector
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, cursor

from core.errors import TransientError
from core.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5
DEFAULT_PORT = 5432
WORK_MEMORY = "32MB"


def connect(settings: Settings, password: Callable[[], str] | None = None, *, read_only: bool = False) -> connection:
    """A new connection as the application role.

    ``password`` is asked once for each connection, so a rotated secret needs no restart. A read-only connection goes to
    the read endpoint and sees one snapshot a transaction: a version that becomes current meanwhile changes nothing.
    Raises TransientError when the database cannot be reached and SettingsError when its address is missing.
    """
    host, port = _address(settings, read_only)
    timeout_ms = 1000 * (settings.query_timeout_seconds if read_only else settings.statement_timeout_seconds)
    try:
        opened: connection = psycopg2.connect(
            host=host,
            port=port,
            dbname=settings.rag_postgres_db_name,
            user=settings.rag_postgres_db_username,
            password=password() if password else None,
            sslmode=settings.rag_postgres_db_sslmode,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name=f"amplify-rag-{settings.stage}",
            # Compiling a statement takes longer than any search does; a search's sums shall not spill to disk.
            options=f"-c statement_timeout={timeout_ms} -c jit=off -c work_mem={WORK_MEMORY}",
            # A database that went away is noticed within about a minute even while nothing is sent.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg2.OperationalError as error:
        raise TransientError(f"the database at {host}:{port} cannot be reached") from error
    with opened:
        register_vector(opened)
    if read_only:
        opened.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    return opened


def _address(settings: Settings, read_only: bool) -> tuple[str, int]:
    """Host and port of the endpoint to use."""
    endpoint = settings.rag_postgres_db_read_endpoint if read_only else ""
    host, _, port = (endpoint or settings.need("rag_postgres_db_write_endpoint")).partition(":")
    return host, int(port or DEFAULT_PORT)


@contextmanager
def transaction(database: connection, principals: Sequence[str]) -> Iterator[cursor]:
    """A cursor in a transaction that sees and may write the rows of these principals only.

    Commits at the end, rolls back when the block raises.
    """
    with database, database.cursor() as opened:
        opened.execute("SELECT set_config('rag.principals', %s, true)", (json.dumps(list(principals)),))
        yield opened
