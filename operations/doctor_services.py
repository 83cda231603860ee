"""What doctor needs of the outside: every store, and the role that reads of all owners what there is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Self

from core import aws
from core.settings import settings
from operations import services as operations_services
from operations.dead_letters import Limits
from operations.inventory import Inventory
from operations.services import OperationsServices
from operations.stored_state import StoredState
from websocket.connections import Connections

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

LETTERS = Limits(seconds=10)  #: a look at dead letters is one page of a check, which a caller waits for


@dataclass(frozen=True, kw_only=True)
class DoctorServices(OperationsServices):
    """The services of operators' routes, and those that see all owners."""

    connections: Connections
    inventory: Inventory
    stored: StoredState

    @classmethod
    def over(
        cls, services: OperationsServices, connections: Connections, inventory: Inventory, stored: StoredState
    ) -> Self:
        """The operators' services with these added."""
        return cls(**vars(services), connections=connections, inventory=inventory, stored=stored)


@cache
def services() -> DoctorServices:
    """The services that this process's settings describe."""
    shared = operations_services.services()
    shared = replace(shared, dead_letters=shared.dead_letters.limited(LETTERS))
    dynamodb = aws.client("dynamodb")
    return DoctorServices.over(
        shared,
        Connections(dynamodb, shared.settings.need("websocket_connections_table")),
        Inventory(dynamodb, aws.client("s3"), shared.settings),
        StoredState(_reopening()),
    )


def _reopening() -> Callable[[], "Connection"]:
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
