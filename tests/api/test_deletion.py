"""Deletion: nothing of a document is left, whatever happens on the way, and nothing brings it back."""

from collections.abc import Callable
from dataclasses import replace

import psycopg2
import pytest

from api.services import ApiServices
from core.blobs import Blobs, derived_key
from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.api.conftest import Caller
from tests.api.ingestion import begin, job, process
from tests.databases import TestDatabase
from tests.emulators import DERIVED, UPLOADS, TestEmulator

TABLES = (
    "documents",
    "document_versions",
    "document_parts",
    "hybrid_dense_embeddings",
    "hybrid_bm25_index",
    "document_bm25_metadata",
    "document_pages",
    "document_vdr_pages",
)


def complete(caller: Caller, emulator: TestEmulator, name: str = "leave.pdf") -> DocumentStatus:
    """A finished document with everything a document can have."""
    status = begin(caller, name)
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=status.key, Body=b"file")
    for part in range(3):
        caller.services.blobs.put_derived(derived_key(status.document_id, 1, f"{part}.json"), b"{}", "application/json")
    process(caller, status)
    return status


def rows(database: TestDatabase) -> dict[str, int]:
    """How many rows each table has, row security aside."""
    superuser = database.connect_as_superuser()
    try:
        with superuser.cursor() as cursor:
            counts = {}
            for table in TABLES:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  names from above
                [(counts[table],)] = cursor.fetchall()
            return counts
    finally:
        superuser.close()


def derived_objects(caller: Caller, emulator: TestEmulator, status: DocumentStatus) -> int:
    answer = emulator.emulator.client("s3").list_objects_v2(Bucket=DERIVED, Prefix=f"{status.document_id}/")
    return int(answer["KeyCount"])


def assert_gone(caller: Caller, emulator: TestEmulator, database: TestDatabase, status: DocumentStatus) -> None:
    """No store has anything of the document any more."""
    assert set(rows(database).values()) == {0}
    assert derived_objects(caller, emulator, status) == 0
    assert caller.services.blobs.head(UPLOADS, status.key) is None
    assert caller.services.statuses.get(status.status_id) is None
    assert caller.services.statuses.events(status.document_id) == []
    assert caller.call("GET", f"/v2/documents/{status.document_id}").status == 404


def test_the_receipt_counts_what_went_from_each_store(
    caller: Caller, emulator: TestEmulator, database: TestDatabase
) -> None:
    status = complete(caller, emulator)
    before, changes = rows(database), len(caller.services.statuses.events(status.document_id))
    answer = caller.call("DELETE", f"/v2/documents/{status.document_id}")
    assert answer.status == 200
    assert (answer.body["documentId"], answer.body["statusId"]) == (status.document_id, status.status_id)
    assert answer.body["deleted"] == {
        "postgres": before,
        "derivedObjects": {"pageImages": 0, "text": 0, "converted": 0, "other": 3},
        "uploadObjects": 1,
        "parts": 0,
        "status": 1,
        "audit": changes + 1,  # the last one is the deletion
        "subscriptions": 0,
    }
    assert min(before.values()) > 0
    assert_gone(caller, emulator, database, status)
    assert caller.call("DELETE", f"/v2/documents/{status.document_id}").status == 404


def test_only_this_document_goes(caller: Caller, emulator: TestEmulator, database: TestDatabase) -> None:
    gone, kept = complete(caller, emulator, "gone.pdf"), complete(caller, emulator, "kept.pdf")
    both = rows(database)
    caller.call("DELETE", f"/v2/documents/{gone.document_id}")
    assert rows(database) == {table: count // 2 for table, count in both.items()}
    assert derived_objects(caller, emulator, kept) == 3
    assert caller.services.blobs.head(UPLOADS, kept.key) is not None
    assert caller.call("GET", f"/v2/documents/{kept.document_id}").body["chunks"] == 4


def test_a_document_that_is_only_announced_can_be_deleted(caller: Caller) -> None:
    announced = caller.call("POST", "/v2/uploads", {"fileName": "a.txt", "size": 5}).body
    receipt = caller.call("DELETE", f"/v2/documents/{announced['documentId']}").body
    assert (receipt["deleted"]["uploadObjects"], receipt["deleted"]["status"]) == (0, 1)
    assert set(receipt["deleted"]["postgres"].values()) == {0}


def test_a_late_worker_cannot_bring_it_back(caller: Caller, emulator: TestEmulator, database: TestDatabase) -> None:
    status = begin(caller)
    process(caller, status, parts=(0,))
    caller.call("DELETE", f"/v2/documents/{status.document_id}")
    process(caller, status, parts=(0, 1))
    assert caller.services.statuses.report(job(status, 1), Status.EMBEDDING, fraction=0.5) is None
    assert_gone(caller, emulator, database, status)


def test_the_same_name_again_is_another_document(caller: Caller, emulator: TestEmulator) -> None:
    first = complete(caller, emulator)
    caller.call("DELETE", f"/v2/documents/{first.document_id}")
    second = complete(caller, emulator)
    assert second.document_id != first.document_id
    assert caller.call("GET", f"/v2/documents/{second.document_id}").body["chunks"] == 4


def without_database(services: ApiServices, emulator: TestEmulator) -> ApiServices:
    closed = services.database()
    closed.close()
    return replace(services, database=lambda: closed)


def without_derived_bucket(services: ApiServices, emulator: TestEmulator) -> ApiServices:
    return replace(services, blobs=Blobs(emulator.emulator.client("s3"), "no-such-bucket"))


def without_history(services: ApiServices, emulator: TestEmulator) -> ApiServices:
    settings = replace(services.settings, document_audit_table="no-such-table")
    return replace(services, statuses=StatusStore(emulator.emulator.client("dynamodb"), settings))


@pytest.mark.parametrize(
    ("lame", "status"), [(without_database, 503), (without_derived_bucket, 500), (without_history, 500)]
)
def test_an_interrupted_deletion_can_be_repeated(
    caller: Caller,
    emulator: TestEmulator,
    database: TestDatabase,
    lame: Callable[[ApiServices, TestEmulator], ApiServices],
    status: int,
) -> None:
    document = complete(caller, emulator)
    path = f"/v2/documents/{document.document_id}"
    services = replace(caller.services, database=shared(database))
    interrupted = Caller(lame(services, emulator), subject=caller.subject).call("DELETE", path)
    assert interrupted.status == status
    assert "no-such" not in interrupted.body["error"]
    whole = Caller(replace(caller.services, database=shared(database)), subject=caller.subject)
    assert whole.call("DELETE", path).status == 200
    assert_gone(whole, emulator, database, document)


def shared(database: TestDatabase) -> Callable[[], psycopg2.extensions.connection]:
    """One connection for all calls, as in a function; it is closed when the test's database goes."""
    opened = database.connect()
    return lambda: opened
