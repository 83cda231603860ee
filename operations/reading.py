"""Reading: the connection as the role that reads of all owners what there is, and sees no content."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core import aws
from core.settings import settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812


def reopening() -> Callable[[], "Connection"]:
    """This process's connection as the role that reads states; a broken one is replaced."""
    from core import database as postgres  # noqa: PLC0415  other operators' routes start without PostgreSQL's driver

    configured = settings()
    role = replace(configured, rag_postgres_db_username=configured.rag_postgres_db_operations_username)
    secret = configured.rag_postgres_db_operations_secret
    password = partial(aws.secret_field, secret, "password") if secret else None
    opened: list[Connection] = []

    def database() -> "Connection":
        if not opened or opened[-1].closed:
            opened[:] = [postgres.connect(role, password)]  # not the read endpoint: a replica is behind
            opened[-1].set_session(readonly=True)
        return opened[-1]

    return database
