"""Connections that went away: a frozen execution environment wakes up with one that the server has closed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import psycopg2

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

Result = TypeVar("Result")


def connected(database: Callable[[], "Connection"], work: Callable[["Connection"], Result]) -> Result:
    """The result of work on this process's connection; done again on a new one if it turns out to be dead.

    The work must be harmless to repeat.
    """
    connection = database()
    try:
        return work(connection)
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        if not connection.closed:
            raise
    return work(database())
