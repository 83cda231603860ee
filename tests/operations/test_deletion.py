"""Deletion under fire: killed after any call, raced by uploads and workers; nothing of the document is left."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from api import deletion
from api.models import DeletionReceipt
from core import worker
from core.aws import Services
from core.blobs import Blobs
from core.entry import Request, accept
from core.errors import TransientError
from core.events import Message
from core.part_table import PartTable
from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.operations.ward import Ward
from tests.pipelines import PIPELINES
from websocket.connections import document_topic


class Killed(BaseException):
    """The process ended here."""


class Interrupted:
    """Services whose calls of AWS are counted, and one of which is preceded by something else."""

    def __init__(self, ward: Ward, at: Callable[[int, str], None]) -> None:
        self.calls = 0
        dynamodb, s3 = ward.emulator.client("dynamodb"), ward.emulator.client("s3")
        for client in (dynamodb, s3):
            client.meta.events.register("before-call", self._before)
        self._at = at
        settings = ward.services.settings
        self.services: Services = replace(
            ward.services,
            statuses=StatusStore(dynamodb, settings),
            parts=PartTable(dynamodb, settings),
            blobs=Blobs(s3, settings.derived_bucket),
        )

    def _before(self, model: Any, **_more: Any) -> None:
        self.calls += 1
        self._at(self.calls, model.name)


def delete(ward: Ward, document_id: str, services: Services | None = None) -> DeletionReceipt | None:
    """What the route does: None is its 404."""
    known = services or ward.services
    doomed = deletion.find(document_id, known)
    return deletion.delete(doomed, known, ward.connections) if doomed else None


def put_page_image(ward: Ward, status: DocumentStatus) -> None:
    ward.services.blobs.put_derived(f"{status.document_id}/1/pages/00001.webp", b"RIFF", "image/webp")


def test_a_deletion_that_is_killed_at_any_call_can_be_repeated(ward: Ward) -> None:
    last, number = False, 0
    while not last:
        number += 1
        status = ward.complete(f"{number}.txt")
        put_page_image(ward, status)

        def kill(call: int, name: str, at: int = number) -> None:
            if call == at:
                raise Killed(name)

        interrupted = Interrupted(ward, kill)
        try:
            last = delete(ward, status.document_id, interrupted.services) is not None
        except Killed:
            rows, derived, items = ward.row_counts(), ward.keys(ward.derived_bucket), counted(ward)
            receipt = delete(ward, status.document_id)
            if receipt is None:
                assert (rows, items) == (dict.fromkeys(rows, 0), {})
            else:
                assert receipt.deleted.postgres == rows
                assert sum(receipt.deleted.derived_objects.values()) == len(derived)
                assert receipt.deleted.upload_objects == items.get("uploads", 0)
                assert (receipt.deleted.parts, receipt.deleted.status) == (
                    items.get("parts", 0),
                    items.get("status", 0),
                )
                assert receipt.deleted.audit >= items.get("audit", 0)
        assert ward.remaining() == {}, f"killed before call {number}"
        assert delete(ward, status.document_id) is None
    assert number > 10


def counted(ward: Ward) -> dict[str, int]:
    """What there is outside PostgreSQL, by the names of a receipt."""
    tables = {
        "status": "document_status_table",
        "audit": "document_audit_table",
        "parts": "document_parts_table",
    }
    counts = {name: len(ward.items(setting)) for name, setting in tables.items()}
    counts["uploads"] = len(ward.keys(ward.uploads))
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("moment", ["DeleteObject", "DeleteItem", "TransactWriteItems"])
def test_an_upload_in_the_midst_of_a_deletion_is_another_document(ward: Ward, moment: str) -> None:
    gone = ward.complete("ferry.txt", "The old ferry leaves at nine.")
    begun: list[DocumentStatus] = []
    wrote = 0

    def upload_again(call: int, name: str) -> None:
        nonlocal wrote
        wrote += name == "TransactWriteItems"  # the first one marks the document, the second removes its history
        if name == moment and not begun and (name != "TransactWriteItems" or wrote == 2):
            time.sleep(1.1)  # S3 tells seconds
            begun.append(ward.take_in("ferry.txt", "The new ferry leaves at ten."))

    receipt = delete(ward, gone.document_id, Interrupted(ward, upload_again).services)
    assert receipt is not None
    [new] = begun
    assert new.document_id != gone.document_id
    assert (new.sequence, new.generation, ward.status(new).status) == (2, 1, Status.QUEUED)
    ward.work_all()
    assert (ward.status(new).status, ward.contents()) == (Status.COMPLETED, ["The new ferry leaves at ten."])
    assert ward.services.statuses.events(gone.document_id) == []
    assert [event["sequence"] for event in ward.services.statuses.events(new.document_id)][:2] == [1, 2]
    assert ward.codes() == []


def test_an_announcement_in_the_midst_of_a_deletion_is_kept(ward: Ward) -> None:
    gone = ward.complete()
    announced: list[DocumentStatus] = []

    def announce(call: int, name: str) -> None:
        if name == "DeleteItem" and not announced:
            announced.append(
                ward.services.statuses.expect(
                    bucket=gone.bucket,
                    key=gone.key,
                    owner=gone.owner,
                    file_name=gone.file_name,
                    media_type="",
                    size=5,
                )
            )

    delete(ward, gone.document_id, Interrupted(ward, announce).services)
    assert [ward.services.statuses.find(each.document_id) for each in announced] == announced != []


def test_the_event_of_a_deleted_file_brings_nothing_back(ward: Ward) -> None:
    """It may come while the deletion goes on: the file is still there, and must not become another document."""
    gone = ward.complete()
    tried: list[type[Exception]] = []

    def event(call: int, name: str) -> None:
        if name == "DeleteObject" and not tried:
            tried.append(TransientError)
            with pytest.raises(TransientError):
                accept(Request(bucket=gone.bucket, key=gone.key), ward.services)

    delete(ward, gone.document_id, Interrupted(ward, event).services)
    assert tried
    assert ward.remaining() == {}


@pytest.mark.parametrize("hears", [True, False], ids=["", "and cannot read its state"])
def test_a_worker_that_writes_while_its_document_is_deleted_leaves_nothing(ward: Ward, hears: bool) -> None:
    """It has looked whether its version is wanted, then the whole deletion happens, then it stores."""
    begun = ward.take_in()
    [job] = ward.jobs()
    receipts: list[DeletionReceipt | None] = []
    deaf = not hears

    def delete_first(call: int, name: str) -> None:
        nonlocal deaf
        if name == "PutObject" and not receipts:
            receipts.append(delete(ward, begun.document_id))
        elif name == "GetItem" and receipts and deaf:
            deaf = False
            raise EndpointConnectionError(endpoint_url="DynamoDB")

    services = Interrupted(ward, delete_first).services
    worker.run(Message(job.to_json(), 1), services, *PIPELINES["text"])
    assert len(receipts) == 1
    assert ward.remaining() == {}
    ward.work(job)  # it is delivered once more
    assert ward.remaining() == {}
    assert ward.codes() == []


def test_all_versions_of_the_file_go(ward: Ward) -> None:
    ward.s3.put_bucket_versioning(Bucket=ward.uploads, VersioningConfiguration={"Status": "Enabled"})
    ward.complete("ferry.txt", "The old ferry leaves at nine.")
    status = ward.complete("ferry.txt", "The new ferry leaves at ten.")
    neighbour = ward.complete("ferry.txt.bak", "Another file, whose key begins with the same letters.")
    ward.s3.delete_object(Bucket=ward.uploads, Key=status.key)  # leaves a mark
    receipt = delete(ward, status.document_id)
    assert receipt is not None
    assert receipt.deleted.upload_objects == 2
    left = ward.s3.list_object_versions(Bucket=ward.uploads)
    assert [item["Key"] for item in left["Versions"] + left.get("DeleteMarkers", [])] == [neighbour.key]


def test_a_file_older_than_the_versions_of_its_bucket_goes_too(ward: Ward) -> None:
    status = ward.complete("ferry.txt", "The ferry leaves at nine.")
    ward.s3.put_bucket_versioning(Bucket=ward.uploads, VersioningConfiguration={"Status": "Enabled"})
    receipt = delete(ward, status.document_id)
    assert receipt is not None
    assert receipt.deleted.upload_objects == 1
    left = ward.s3.list_object_versions(Bucket=ward.uploads)
    assert left.get("Versions", []) + left.get("DeleteMarkers", []) == []


def test_the_history_can_be_kept(ward: Ward) -> None:
    status = ward.complete()
    changes = ward.services.statuses.events(status.document_id)
    keeping = replace(ward.services, settings=replace(ward.services.settings, audit_after_deletion="keep"))
    receipt = delete(ward, status.document_id, keeping)
    assert receipt is not None
    assert (receipt.deleted.audit, receipt.deleted.status) == (0, 1)
    kept = ward.services.statuses.events(status.document_id)
    assert kept[:-1] == changes
    assert (kept[-1]["status"], kept[-1]["sequence"]) == ("deleted", status.sequence + 1)
    assert ward.services.statuses.find(status.document_id) is None
    assert all("ttl" in item for item in ward.items("document_audit_table"))


def test_the_receipt_counts_by_kind_and_who_watched(ward: Ward) -> None:
    status = ward.complete()
    put_page_image(ward, status)
    late = int(time.time()) + 60
    ward.connections.open("watcher", [status.owner], late)
    ward.connections.subscribe("watcher", [document_topic(status.document_id)], late)
    receipt = delete(ward, status.document_id)
    assert receipt is not None
    assert receipt.deleted.derived_objects["pageImages"] == 1
    assert receipt.deleted.derived_objects["text"] == 1
    assert (receipt.deleted.subscriptions, receipt.deleted.upload_objects) == (1, 1)
    assert receipt.deleted.parts >= 2  # the plan and its part
