"""Transactions that outlive passing faults of the database: a dead connection, a conflict, a restart of the server.

A frozen execution environment wakes up with a connection that the server has closed; a failover ends every connection;
two workers may get in each other's way. All of that is answered by doing the work again.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import psycopg2

from core import logs, metrics
from core.database import DatabaseUnavailableError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

Result = TypeVar("Result")

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.2  #: the longest before the second attempt; twice as long before each further one
PATIENCE_SECONDS = 4.0  #: so long after the first failure no new attempt begins

#: SQLSTATEs that end a connection, or its use: class 08 as well. 25006: after a failover this server is the standby now
ENDING = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25006"})
CONFLICTS = frozenset({"40001", "40P01"})  #: serialization failure (also by a standby's recovery), deadlock
TOO_MANY_CONNECTIONS = "53300"
#: Classes of what is not the statement's fault: connection, rollback, resources (a full disk), operator, system
PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
LOCK_TIMEOUT = "55P03"


def connected(database: Callable[[], "Connection"], work: Callable[["Connection"], Result]) -> Result:
    """The result of work on this process's connection, in as many attempts as it takes within a few seconds.

    ``work`` makes whole transactions and must be harmless to repeat, even after it has committed: a connection may
    end between the commit and the answer to it. ``database`` replaces a closed connection.
    Raises DatabaseUnavailableError when the fault lasts, or will not pass within seconds (a full disk, a timeout).
    """
    give_up = 0.0
    for attempt in count(1):
        try:
            return _attempt(database, work)
        except DatabaseUnavailableError as error:
            metrics.put({"DatabaseErrors": 1})
            give_up = give_up or time.monotonic() + PATIENCE_SECONDS
            if not error.soon or attempt == ATTEMPTS or time.monotonic() > give_up:
                raise
            logs.warning("Database work is repeated", attempt=attempt, reason=str(error))
        time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)))  # noqa: S311  jitter
    raise AssertionError


def _attempt(database: Callable[[], "Connection"], work: Callable[["Connection"], Result]) -> Result:
    connection = database()
    try:
        return work(connection)
    except psycopg2.Error as error:
        fault = _fault(error, lost=bool(connection.closed))
        if fault is None:
            raise
        if fault.soon and error.pgcode not in CONFLICTS:
            with suppress(psycopg2.Error):
                connection.close()  # so that the next attempt has a new one
        raise fault from error


def _fault(error: psycopg2.Error, *, lost: bool) -> DatabaseUnavailableError | None:
    """What an error says about the database; None when it is about the statement."""
    state = error.pgcode or ""
    if lost or state[:2] == "08" or state in ENDING:
        return DatabaseUnavailableError("the connection to the database was lost")
    if state in CONFLICTS or state == TOO_MANY_CONNECTIONS:
        return DatabaseUnavailableError(f"the database refuses for the moment (SQLSTATE {state})")
    if state == LOCK_TIMEOUT or state[:2] in PASSING_CLASSES:
        return DatabaseUnavailableError(f"the database cannot do it now (SQLSTATE {state})", soon=False)
    return None
