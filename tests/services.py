"""The services of handlers and pipelines, over this test run's emulator and database."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.aws import Services
from core.blobs import Blobs
from core.cost import consumption
from core.cost.ledger import Ledger
from core.flags import FlagReader
from core.part_table import PartTable
from core.queues import Queues
from core.settings import Settings
from core.status_store import StatusStore
from tests.emulators import TestEmulator

if TYPE_CHECKING:
    from psycopg2.extensions import connection


def no_database() -> "connection":
    """For what must work without PostgreSQL."""
    raise AssertionError("the database was asked for")


def services_over(
    emulator: TestEmulator, settings: Settings, database: "Callable[[], connection]" = no_database
) -> Services:
    """Real stores for these settings."""

    def client(name: str) -> Any:
        return consumption.watched(emulator.emulator.client(name))

    return Services(
        settings=settings,
        statuses=StatusStore(client("dynamodb"), settings),
        parts=PartTable(client("dynamodb"), settings),
        blobs=Blobs(client("s3"), settings.derived_bucket),
        queues=Queues(client("sqs"), settings),
        ledger=Ledger(client("dynamodb"), settings),
        database=database,
        flags=FlagReader(lambda: client("ssm"), settings.flags_parameter),
    )
