"""The status store on DynamoDB: one transaction a change, races, history, lists, deletion."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError

from core.cursors import CursorError
from core.errors import DocumentError, SettingsError, TransientError
from core.generations import Upload
from core.jobs import Gap
from core.settings import Settings
from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.emulators import TestEmulator


@pytest.fixture
def client(emulator: TestEmulator) -> Any:
    return emulator.emulator.client("dynamodb")


@pytest.fixture
def store(emulator: TestEmulator, client: Any) -> StatusStore:
    return StatusStore(client, Settings(**emulator.settings))


@pytest.fixture
def owner() -> str:
    return f"user:{uuid4().hex}"


@pytest.fixture
def new(owner: str) -> Callable[..., Upload]:
    """Makes uploads of an owner whom no other test knows."""
    return lambda name="a.pdf", **fields: upload(f"{owner}/{name}", owner=owner, **fields)


def raw(client: Any, status_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName="DocumentStatusTable", Key={"statusId": {"S": status_id}})["Item"])


def sequences(store: StatusStore, document_id: str) -> list[int]:
    return [event["sequence"] for event in store.events(document_id, limit=10_000)]


def test_a_document_from_its_announcement_to_its_completion(store: StatusStore, new: Any, client: Any) -> None:
    file = new()
    announced = store.expect(
        bucket=file.bucket,
        key=file.key,
        owner=file.owner,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
    )
    assert float(raw(client, file.status_id)["ttl"]["N"]) == pytest.approx(time.time() + 86_400, abs=60)
    begun = store.begin(file, routing={"text": 60, "visual": 0}, total_pages=60, parts=2)
    assert begun.started
    assert begun.status.document_id == announced.document_id
    assert "ttl" not in raw(client, file.status_id)  # the record lives as long as the document
    assert store.queued(begun.status).status is Status.QUEUED
    for part in (0, 1):
        store.report(job(begun.status, part), Status.EXTRACTING_TEXT, fraction=0.1, pages_done=5)
        store.report(job(begun.status, part), Status.EMBEDDING, fraction=1.0, pages_done=30)
    gaps = [Gap(7, "unreadable")]
    done = store.finish(
        job(begun.status), Status.COMPLETED_WITH_GAPS, {"chunks": 120, "gaps": gaps, "secondsPerPage": 0.25}
    )
    assert done is not None and done == store.get(file.status_id)
    assert done.metadata["durationMs"] >= 0
    assert done.metadata.items() >= {"chunks": 120, "secondsPerPage": 0.25, "gapCount": 1}.items()
    assert done.metadata["gaps"] == [{"page": 7, "reason": "unreadable"}]
    assert done.metadata["routes"] == {"text": 60, "visual": 0}

    events = store.events(announced.document_id)
    assert [event["sequence"] for event in events] == list(range(1, 9))
    assert events[0] == announced.body() and events[-1] == done.body()
    assert [event["status"] for event in events[:3]] == ["awaiting_upload", "validating", "queued"]
    progress = [event["metadata"]["progress"] for event in events]
    assert progress == sorted(progress) and progress[-1] == 100


def test_history_is_kept_for_the_audit_days(store: StatusStore, new: Any, client: Any) -> None:
    begun = store.begin(new()).status
    query = {":id": {"S": begun.document_id}}
    [item] = client.query(
        TableName="DocumentAuditTable", KeyConditionExpression="documentId = :id", ExpressionAttributeValues=query
    )["Items"]
    assert float(item["ttl"]["N"]) == pytest.approx(time.time() + 180 * 86_400, abs=60)
    assert item["user"] == {"S": begun.owner}


def test_finishing_twice_changes_nothing(store: StatusStore, new: Any) -> None:
    begun = store.begin(new()).status
    first = store.finish(job(begun), Status.COMPLETED, {"chunks": 1})
    assert store.finish(job(begun), Status.COMPLETED, {"chunks": 1}) == first
    assert sequences(store, begun.document_id) == [1, 2]


def test_the_same_version_is_unchanged_and_a_forced_one_is_not(store: StatusStore, new: Any) -> None:
    begun = store.begin(new()).status
    assert not store.begin(new()).started  # running
    store.finish(job(begun), Status.COMPLETED)
    again = store.begin(new())
    assert not again.started and again.status.status is Status.COMPLETED
    forced = store.begin(new(version="f" * 16))
    assert forced.started
    assert (forced.status.generation, forced.status.document_id) == (2, begun.document_id)


def test_a_late_worker_is_refused(store: StatusStore, new: Any) -> None:
    old = store.begin(new()).status
    newer = store.begin(new(version="b" * 16)).status
    assert store.report(job(old), Status.STORING, fraction=1.0) is None
    assert store.finish(job(old), Status.COMPLETED) is None
    assert store.fail(job(old), code="x", message="x", retryable=True) is None
    assert store.get(newer.status_id) == newer


def test_a_failure_has_one_shape_wherever_it_happens(store: StatusStore, new: Any) -> None:
    rejected = store.reject(new(), code="encrypted", message="The file is encrypted.", stage=Status.VALIDATING)
    begun = store.begin(new(version="b" * 16)).status
    store.report(job(begun), Status.EMBEDDING, fraction=0.5)
    failed = store.fail(job(begun), code="gave_up", message="Processing failed several times.", retryable=True)
    assert rejected is not None and failed is not None
    shape = {"error", "code", "stage", "retryable"}
    assert {name: rejected.metadata[name] for name in shape} == {
        "error": "The file is encrypted.",
        "code": "encrypted",
        "stage": "validating",
        "retryable": False,
    }
    assert {name: failed.metadata[name] for name in shape} == {
        "error": "Processing failed several times.",
        "code": "gave_up",
        "stage": "embedding",
        "retryable": True,
    }
    assert store.report(job(begun), Status.STORING, fraction=1.0) is None


def test_a_rejected_upload_leaves_the_searchable_version(store: StatusStore, new: Any) -> None:
    begun = store.begin(new()).status
    store.finish(job(begun), Status.COMPLETED)
    rejected = store.reject(new(version="b" * 16), code="empty", message="The file is empty.")
    assert rejected is not None
    assert rejected.metadata["currentGeneration"] == 1
    assert rejected.document_id == begun.document_id


def test_cancelling(store: StatusStore, new: Any) -> None:
    begun = store.begin(new()).status
    cancelled = store.cancel(begun.document_id)
    assert cancelled is not None and cancelled.status is Status.CANCELLED
    assert store.cancel(begun.document_id) == cancelled
    assert store.report(job(begun), Status.EMBEDDING, fraction=0.5) is None
    assert store.finish(job(begun), Status.COMPLETED) is None
    assert store.cancel("unknown") is None
    other = store.begin(new("b.pdf")).status
    store.finish(job(other), Status.COMPLETED)
    assert store.cancel(other.document_id) is None


def test_deleting_removes_state_and_history(store: StatusStore, new: Any) -> None:
    begun = store.begin(new(), total_pages=9000, parts=1).status
    for page in range(1, 151):  # more changes than one transaction deletes
        store.report(job(begun), Status.EMBEDDING, fraction=page / 200, pages_done=page)
    assert store.delete(begun.document_id) == {"status": 1, "audit": 152}  # with the cancellation
    assert store.resolve(begun.document_id) is None
    assert store.resolve(begun.status_id) is None
    assert store.events(begun.document_id) == []
    assert store.report(job(begun), Status.STORING, fraction=1.0) is None
    assert store.delete(begun.document_id) == {"status": 0, "audit": 0}


def test_a_job_of_a_deleted_document_does_not_touch_its_successor(store: StatusStore, new: Any) -> None:
    first = store.begin(new()).status
    store.delete(first.document_id)
    second = store.begin(new()).status
    assert second.document_id != first.document_id
    assert (second.generation, second.version) == (first.generation, first.version)
    assert store.finish(job(first), Status.COMPLETED) is None
    assert store.cancel(first.document_id) is None
    assert store.delete(first.document_id) == {"status": 0, "audit": 0}
    assert store.get(second.status_id) == second


def test_a_document_is_found_by_both_names(store: StatusStore, new: Any) -> None:
    begun = store.begin(new()).status
    assert store.resolve(begun.document_id) == store.resolve(begun.status_id) == begun
    for name in ("", "unknown", "uploads#unknown", "x" * 5000, "é" * 1500):
        assert store.resolve(name) is None


def test_a_new_document_is_found_before_the_index_knows_it(emulator: TestEmulator, client: Any, new: Any) -> None:
    class Lagging:
        """The emulator's client, whose index of documents is behind, as on AWS for some milliseconds."""

        exceptions = client.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def query(self, **query: Any) -> Any:
            return {"Items": []} if query.get("IndexName") == "DocumentIndex" else client.query(**query)

    store = StatusStore(Lagging(), Settings(**emulator.settings))  # type: ignore[arg-type]
    begun = store.begin(new()).status
    assert store.find(begun.document_id) == begun


def test_the_owner_of_a_document_never_changes(store: StatusStore, new: Any, owner: str) -> None:
    begun = store.begin(new()).status
    theirs = upload(f"{owner}/a.pdf", owner="user:mallory", version="c" * 16)
    with pytest.raises(DocumentError):
        store.begin(theirs)
    assert store.reject(theirs, code="x", message="x") is None
    for change in (lambda: store.finish(job(begun), Status.COMPLETED), lambda: store.begin(new(version="b" * 16))):
        change()
        current = store.get(begun.status_id)
        assert current is not None and current.owner == owner


def test_workers_at_the_same_time_lose_nothing(store: StatusStore, new: Any) -> None:
    begun = store.begin(new(), total_pages=400, parts=8).status

    def work(part: int) -> None:
        for step in range(1, 6):
            assert store.report(job(begun, part), Status.EMBEDDING, fraction=step / 5, pages_done=step * 10)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    status = store.get(begun.status_id)
    assert status is not None
    assert status.part_permille == (1000,) * 8
    assert (status.progress, status.metadata["pagesDone"]) == (95, 400)
    assert sequences(store, begun.document_id) == list(range(1, 42))
    progress = [event["metadata"]["progress"] for event in store.events(begun.document_id)]
    assert progress == sorted(progress)


def test_two_entries_at_the_same_time_begin_one_version(store: StatusStore, new: Any) -> None:
    with ThreadPoolExecutor(4) as entries:
        begun = list(entries.map(lambda _: store.begin(new()), range(4)))
    assert sum(each.started for each in begun) == 1
    assert len({each.status.document_id for each in begun}) == 1


def test_events_page_by_sequence(store: StatusStore, new: Any) -> None:
    begun = store.begin(new(), total_pages=9, parts=1).status
    for page in range(1, 10):
        store.report(job(begun), Status.EMBEDDING, fraction=page / 10, pages_done=page)
    assert [event["sequence"] for event in store.events(begun.document_id, after=3, limit=4)] == [4, 5, 6, 7]
    assert [event["sequence"] for event in store.events(begun.document_id, after=9, limit=4)] == [10]
    assert store.events(begun.document_id, after=10) == []
    assert store.events("unknown") == []


def pages(store: StatusStore, principals: list[str], **wanted: Any) -> list[list[DocumentStatus]]:
    found, cursor = store.list(principals, **wanted)
    result = [list(found)]
    while cursor:
        found, cursor = store.list(principals, cursor=cursor, **wanted)
        result.append(list(found))
    return result


def test_documents_of_several_principals_are_listed_latest_first(store: StatusStore, owner: str) -> None:
    group = f"group:{uuid4().hex}"
    begun = [
        store.begin(upload(f"{owner}/{number}.pdf", owner=owner if number % 3 else group)).status
        for number in range(11)
    ]
    store.finish(job(begun[0]), Status.COMPLETED)  # a change does not move a document in the list
    listed = pages(store, [owner, group, owner], limit=4)
    assert [len(page) for page in listed] == [4, 4, 3]
    assert [each.status_id for page in listed for each in page] == [each.status_id for each in reversed(begun)]
    assert [each.status_id for page in pages(store, [group], limit=2) for each in page] == [
        begun[number].status_id for number in (9, 6, 3, 0)
    ]
    assert len(pages(store, [owner, group], limit=11)) == 1  # no empty page at the end
    assert store.list([f"user:{uuid4()}"]) == ([], None)
    assert store.list([]) == ([], None)


def test_documents_are_listed_by_status(store: StatusStore, owner: str) -> None:
    begun = [store.begin(upload(f"{owner}/{number}.pdf", owner=owner)).status for number in range(7)]
    for number in (1, 4, 5):
        store.finish(job(begun[number]), Status.COMPLETED)
    listed = pages(store, [owner], status=Status.COMPLETED, limit=2)
    assert [each.status_id for page in listed for each in page] == [begun[number].status_id for number in (5, 4, 1)]


def test_documents_of_the_same_moment_are_all_listed_once(store: StatusStore, owner: str, client: Any) -> None:
    begun = [store.begin(upload(f"{owner}/{number}.pdf", owner=owner)).status for number in range(9)]
    for each in begun:
        client.put_item(
            TableName="DocumentStatusTable",
            Item={**raw(client, each.status_id), "timestamp": {"S": "2026-01-01T00:00:00Z"}},
        )
    listed = pages(store, [owner], limit=2)
    assert sorted(each.status_id for page in listed for each in page) == sorted(each.status_id for each in begun)


def test_running_documents_are_counted_until_they_end(store: StatusStore, new: Any, owner: str, client: Any) -> None:
    file = new("announced.pdf")
    names = {name: getattr(file, name) for name in ("bucket", "key", "owner", "file_name", "media_type", "size")}
    store.expect(**names)  # awaits its file: nothing is running yet
    assert store.running(owner) == 0
    finished, failed, cancelled, running = (store.begin(new(f"{number}.pdf")).status for number in range(4))
    assert store.running(owner) == 4
    assert raw(client, running.status_id)["running"] == {"S": owner}
    store.finish(job(finished), Status.COMPLETED)
    assert store.running(owner) == 3
    store.fail(job(failed), code="gave_up", message="Processing failed several times.", retryable=True)
    store.cancel(cancelled.document_id)
    store.report(job(running), Status.EMBEDDING, fraction=0.5)  # a change does not count it twice
    assert store.running(owner) == 1
    assert "running" not in raw(client, finished.status_id)
    store.begin(new("0.pdf", version="b" * 16))  # a new version of a finished one
    assert store.running(owner) == 2
    store.delete(running.document_id)
    assert store.running(owner) == 1
    assert store.running(f"user:{uuid4()}") == 0


def test_documents_that_stand_still_are_found(store: StatusStore, new: Any, owner: str) -> None:
    begun = [store.begin(new(f"{number}.pdf")).status for number in range(6)]
    store.finish(job(begun[5]), Status.COMPLETED)
    moved = store.report(job(begun[0]), Status.EMBEDDING, fraction=0.5)
    assert moved is not None

    def stale(before: str, limit: int = 10_000) -> set[str]:
        return {each.status_id for each in store.stale(before, limit) if each.owner == owner}

    assert stale(moved.updated_at) == {each.status_id for each in begun[1:5]}
    assert stale(begun[1].updated_at) == set()
    assert len(store.stale("9999", 3)) == 3
    assert store.stale("2000", 3) == []
    [state] = [each for each in store.stale("9999", 10_000) if each.status_id == moved.status_id]
    assert state == moved


def test_a_document_that_moved_while_the_index_was_behind_does_not_stand_still(
    emulator: TestEmulator, client: Any, new: Any
) -> None:
    begun: list[DocumentStatus] = []

    class Lagging:
        """The emulator's client, whose index of running documents still has all that ever ran."""

        exceptions = client.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def get_paginator(self, name: str) -> Any:
            found = [{"statusId": {"S": each.status_id}} for each in begun]
            return SimpleNamespace(paginate=lambda **_: [{"Items": found}])

    store = StatusStore(Lagging(), Settings(**emulator.settings, max_running_documents=0))  # type: ignore[arg-type]
    begun += [store.begin(new(f"{number}.pdf")).status for number in range(4)]
    store.finish(job(begun[0]), Status.COMPLETED)
    moved = store.report(job(begun[1]), Status.EMBEDDING, fraction=0.5)
    store.delete(begun[2].document_id)
    assert moved is not None
    assert store.stale(moved.updated_at, 10) == [begun[3]]


def test_every_page_of_the_running_documents_is_read(emulator: TestEmulator, client: Any, new: Any, owner: str) -> None:
    class Paged:
        """The emulator's client, whose pages are short, as those of a long index are."""

        exceptions = client.exceptions

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def get_paginator(self, name: str) -> Any:
            paginator = client.get_paginator(name)

            class Short:
                def paginate(self, **query: Any) -> Any:
                    return paginator.paginate(**query, PaginationConfig={"PageSize": 2})

            return Short()

    store = StatusStore(Paged(), Settings(**emulator.settings))  # type: ignore[arg-type]
    begun = [store.begin(new(f"{number}.pdf")).status.status_id for number in range(5)]
    assert store.running(owner) == 5
    assert {each.status_id for each in store.stale("9999", 10_000) if each.owner == owner} == set(begun)


@pytest.mark.parametrize("cursor", ["%", "bm90IGpzb24=", "e30=", "W10=", "WzFd", "é"])
def test_a_forged_cursor_is_refused(store: StatusStore, cursor: str) -> None:
    with pytest.raises(CursorError):
        store.list(["user:x"], cursor=cursor)


def test_an_outage_is_the_worlds_fault(emulator: TestEmulator, client: Any, new: Any) -> None:
    class Unreachable:
        exceptions = client.exceptions

        def get_item(self, **_: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="http://dynamodb")

    with pytest.raises(TransientError):
        StatusStore(Unreachable(), Settings(**emulator.settings)).begin(new())  # type: ignore[arg-type]


def test_a_missing_table_name_is_named(client: Any) -> None:
    with pytest.raises(SettingsError, match="DOCUMENT_STATUS_TABLE"):
        StatusStore(client, Settings())
