"""A ward: stores that nobody else uses, with both pipelines, and the doctor who looks after them."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from api import deletion
from core.database import connect
from core.entry import Request, accept
from core.events import uploaded_objects
from core.status import DocumentStatus
from operations.doctor import Report, check
from operations.doctor_services import DoctorServices
from operations.inventory import Inventory
from operations.letters import QueueName
from operations.stored_state import StoredState
from rag.removal import DELETE_ROWS
from tests.databases import TestDatabase
from tests.emulators import TABLES, TestEmulator, schema
from tests.operations.desk import Desk
from websocket.connections import Connections

ROWS = (*DELETE_ROWS, "documents")  #: tables that hold a document


@dataclass(frozen=True)
class OwnStores(TestEmulator):
    """The emulator with tables and buckets of a test's own."""

    own: str = ""

    __test__ = False

    @classmethod
    def within(cls, shared: TestEmulator) -> "OwnStores":
        """New tables and buckets in a running emulator."""
        made = cls(**vars(shared), own=f"-{uuid.uuid4().hex[:8]}")
        for logical_id in TABLES.values():
            made.emulator.client("dynamodb").create_table(TableName=logical_id + made.own, **schema(logical_id))
        for bucket in (made.settings["upload_buckets"], made.settings["derived_bucket"]):
            made.emulator.client("s3").create_bucket(Bucket=bucket)
        return made

    @property
    def settings(self) -> dict[str, Any]:
        tables = {name: logical_id + self.own for name, logical_id in TABLES.items()}
        buckets = {"upload_buckets": f"uploads{self.own}", "derived_bucket": f"derived{self.own}"}
        return super().settings | tables | buckets


class Ward(Desk):
    """Documents of one owner, everything that can go wrong with them, and checks."""

    def __init__(self, emulator: TestEmulator, database: TestDatabase, opened: connection, **settings: Any) -> None:
        own = OwnStores.within(emulator)
        super().__init__(own, database, opened, **{"doctor_grace_seconds": 0} | settings)
        self.test_database = database
        chosen = self.services.settings
        self.dynamodb, self.s3 = self.emulator.client("dynamodb"), self.emulator.client("s3")
        self.uploads, self.derived_bucket = chosen.upload_buckets, chosen.derived_bucket
        self.connections = Connections(self.dynamodb, chosen.websocket_connections_table)
        role = replace(chosen, rag_postgres_db_username=chosen.rag_postgres_db_operations_username)
        self.reading = connect(role, lambda: database.server.passwords.operations)
        self.doctor = DoctorServices.over(
            self.operations,
            self.connections,
            Inventory(self.dynamodb, self.s3, chosen),
            StoredState(lambda: self.reading),
        )

    def put(self, name: str, text: str = "The ferry leaves at nine.") -> str:
        """Upload a file that nobody is told of; its key."""
        key = f"{self.owner}/{name}"
        self.s3.put_object(Bucket=self.uploads, Key=key, Body=text.encode())
        return key

    def announce(self, name: str) -> DocumentStatus:
        """Announce an upload that has not arrived."""
        key = f"{self.owner}/{name}"
        return self.services.statuses.expect(
            bucket=self.uploads, key=key, owner=f"user:{self.owner}", file_name=name, media_type="text/plain", size=25
        )

    def take_in(self, name: str = "ferry.txt", text: str = "The ferry leaves at nine.") -> DocumentStatus:
        """Upload a file and have the entry take it in."""
        return accept(Request(bucket=self.uploads, key=self.put(name, text)), self.services)

    def complete(self, name: str = "ferry.txt", text: str = "The ferry leaves at nine.") -> DocumentStatus:
        """A document that is finished."""
        begun = self.take_in(name, text)
        self.work_all()
        return self.status(begun)

    def check(self, *, repair: bool = False, **settings: Any) -> Report:
        """A whole check, a page a slice."""
        services = replace(self.doctor, settings=replace(self.doctor.settings, **settings))
        whole, cursor = Report(), None
        while True:
            report = check(services, repair, cursor, seconds=0)
            whole.findings += report.findings
            whole.examined += report.examined
            cursor = report.cursor
            if cursor is None:
                return whole

    def codes(self, **settings: Any) -> list[str]:
        """What a check finds."""
        return [finding["code"] for finding in self.check(**settings).findings]

    def delete(self, status: DocumentStatus) -> Any:
        """Delete a document; the receipt."""
        doomed = deletion.find(status.document_id, self.services)
        assert doomed is not None
        return deletion.delete(doomed, self.services, self.connections)

    def run_sql(self, statement: str, *values: Any) -> None:
        """A statement that no row security holds back."""
        superuser = self.test_database.connect_as_superuser()
        with superuser, superuser.cursor() as cursor:
            cursor.execute(statement, values)
        superuser.close()

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has, row security aside."""
        superuser: psycopg2.extensions.connection = self.test_database.connect_as_superuser()
        counts = {}
        with superuser, superuser.cursor() as cursor:
            for table in ROWS:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  names from above
                [(counts[table],)] = cursor.fetchall()
        superuser.close()
        return counts

    def derived(self, document_id: str) -> list[str]:
        return [key for key in self.keys(self.derived_bucket) if key.startswith(f"{document_id}/")]

    def items(self, setting: str) -> list[Any]:
        """Everything in a table."""
        return list(self.dynamodb.scan(TableName=getattr(self.services.settings, setting))["Items"])

    def keys(self, bucket: str) -> list[str]:
        """Everything in a bucket."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def remaining(self) -> dict[str, int]:
        """What is left in all stores together."""
        tables = ("document_status_table", "document_audit_table", "document_parts_table")
        counts = {table: len(self.items(table)) for table in tables}
        counts |= {bucket: len(self.keys(bucket)) for bucket in (self.uploads, self.derived_bucket)}
        return {name: count for name, count in (counts | self.row_counts()).items() if count}

    def entry_works(self) -> None:
        """The entry takes in what waits for it."""
        for body in self.waiting(QueueName.DOCUMENT_INDEX):
            for upload in uploaded_objects(body):
                accept(Request(bucket=upload.bucket, key=upload.key, repeats=upload.repeats), self.services)
