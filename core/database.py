"""The database: how a connection is opened, and what one transaction may see.

Whoever opens a connection owns it: stores take a connection and never open one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg2
from pgvector.psycopg2 import register_vector
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, cursor

from core.cost import consumption
from core.cost.costs import Quantity
from core.errors import TransientError
from core.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5
#: What was sent is acknowledged by then, or the machine at the other end is gone
UNACKNOWLEDGED_SECONDS = 15
IDLE_IN_TRANSACTION_SECONDS = 60  #: nobody computes for so long between two statements
DEFAULT_PORT = 5432
RDS_AUTHORITIES = Path(__file__).with_name("database-ca.pem")  #: who signs for Amazon RDS, Aurora and RDS Proxy
WORK_MEMORY = "32MB"
#: By a statement, as RDS Proxy refuses a connection with command-line options
SET_SESSION = "SELECT set_config(name, value, false) FROM unnest(%s, %s) AS parameter (name, value)"


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached, or cannot do the work just now.

    ``soon`` says whether it is worth trying again at once, on a new connection if the old one is closed.
    """

    def __init__(self, message: str, *, soon: bool = True) -> None:
        super().__init__(message)
        self.soon = soon


def connect(settings: Settings, password: Callable[[], str] | None = None, *, read_only: bool = False) -> connection:
    """A new connection as the application role.

    ``password`` is asked once for each connection, so a rotated secret needs no restart. A read-only connection goes to
    the read endpoint and sees one snapshot a transaction: a version that becomes current meanwhile changes nothing.
    Raises DatabaseUnavailableError when the database cannot be reached and SettingsError when its address is missing.
    """
    host, port = _address(settings, read_only)
    try:
        opened: connection = psycopg2.connect(
            host=host,
            port=port,
            dbname=settings.rag_postgres_db_name,
            user=settings.rag_postgres_db_username,
            password=password() if password else None,
            **encryption(settings),
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name=f"amplify-rag-{settings.stage}",
            # A database that went away is noticed within about a minute even while nothing is sent.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=1000 * UNACKNOWLEDGED_SECONDS,
        )
        with opened, opened.cursor() as cursor:
            cursor.execute(SET_SESSION, (list(session := _session(settings, read_only)), list(session.values())))
            register_vector(opened)
    except psycopg2.OperationalError as error:
        raise DatabaseUnavailableError(f"the database at {host}:{port} cannot be reached") from error
    if read_only:
        opened.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    return opened


def encryption(settings: Settings) -> dict[str, Any]:
    """libpq's parameters of the connection's encryption.

    libpq looks for authorities in the user's home folder only, where Lambda has none.
    """
    mode = settings.rag_postgres_db_sslmode
    if not mode.startswith("verify-"):
        return {"sslmode": mode}
    return {"sslmode": mode, "sslrootcert": settings.rag_postgres_db_sslrootcert or str(RDS_AUTHORITIES)}


def _session(settings: Settings, read_only: bool) -> dict[str, str]:
    """The session's parameters."""
    return {
        "statement_timeout": f"{settings.query_timeout_seconds if read_only else settings.statement_timeout_seconds}s",
        "lock_timeout": f"{settings.lock_timeout_seconds}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
        # A frozen execution environment does not keep its connection for hours.
        "idle_session_timeout": f"{settings.idle_session_seconds}s",
        # Compiling a statement takes longer than any search does; a search's sums shall not spill to disk.
        "jit": "off",
        "work_mem": WORK_MEMORY,
    }


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


def copy_in(opened: cursor, statement: str, rows: bytes) -> None:
    """Send a whole stream of COPY; its bytes are counted, as they are kept."""
    opened.copy_expert(statement, BytesIO(rows))
    consumption.count(Quantity.ROW_BYTES, len(rows))
