"""What doctor needs of the outside: every store, and the role that reads of all owners what there is."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Self

from core import aws
from operations import services as operations_services
from operations.dead_letters import Limits
from operations.inventory import Inventory
from operations.reading import reopening
from operations.services import OperationsServices
from operations.stored_state import StoredState
from websocket.connections import Connections

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
        StoredState(reopening()),
    )
