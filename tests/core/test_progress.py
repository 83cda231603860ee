"""How often a worker's progress is written."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError

from core.errors import TransientError
from core.progress import Reporter, SupersededError
from core.settings import Settings
from core.status import DocumentStatus, Status
from core.status_store import StatusStore
from tests.core.statuses import job, upload
from tests.emulators import TestEmulator

STAGES = (Status.PROCESSING_STARTED, Status.EXTRACTING_TEXT, Status.CHUNKING, Status.EMBEDDING, Status.STORING)


@pytest.fixture
def store(emulator: TestEmulator) -> StatusStore:
    return StatusStore(emulator.emulator.client("dynamodb"), Settings(**emulator.settings))


def begin(store: StatusStore, pages: int, parts: int) -> DocumentStatus:
    owner = f"user:{uuid4().hex}"
    return store.begin(upload(f"{owner}/big.pdf", owner=owner), total_pages=pages, parts=parts).status


@dataclass
class Clock:
    """Seconds that pass only when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def written(store: StatusStore, begun: DocumentStatus) -> list[tuple[str, int]]:
    """Status and progress of every report that was written."""
    events = store.events(begun.document_id, after=begun.sequence, limit=1000)
    return [(event["status"], event["metadata"]["progress"]) for event in events]


class Failing:
    """The client of a service that answers reads and fails writes."""

    def __init__(self, client: Any, error: Exception) -> None:
        self._client = client
        self._error = error
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **_: Any) -> Any:
        self.failed += 1
        raise self._error


def work_through(part: Reporter, clock: Clock, seconds_per_page: float) -> None:
    """What a worker says of 50 pages: at every page, in every stage."""
    for stage_number, stage in enumerate(STAGES):
        for page in range(1, 51):
            clock.now += seconds_per_page
            part.report(stage, fraction=(stage_number + page / 50) / len(STAGES), pages_done=page)


@pytest.mark.parametrize("seconds_per_page", [0.0, 0.05, 3.0])
def test_a_document_of_2000_pages_costs_less_than_300_writes(store: StatusStore, seconds_per_page: float) -> None:
    begun = begin(store, pages=2000, parts=40)
    status = store.queued(begun)
    for number in range(40):
        clock = Clock()
        work_through(Reporter(store, job(begun, number), clock), clock, seconds_per_page)
        reported = store.get(begun.status_id)
        assert reported is not None and reported.metadata["pagesDone"] == 50 * (number + 1)
    done = store.finish(job(begun, 39), Status.COMPLETED, {"chunks": 1})
    assert status is not None and done is not None
    assert done.sequence < 300
    assert [event["sequence"] for event in store.events(begun.document_id, limit=1000)] == [
        *range(1, done.sequence + 1)
    ]


def test_the_first_and_the_last_report_are_written_whatever_the_clock_says(store: StatusStore) -> None:
    begun, clock = begin(store, pages=50, parts=1), Clock()
    work_through(Reporter(store, job(begun), clock), clock, 0.0)
    assert written(store, begun) == [("processing_started", 10), ("storing", 95)]


def test_reports_in_between_keep_the_interval(store: StatusStore) -> None:
    begun, clock = begin(store, pages=50, parts=1), Clock()
    work_through(Reporter(store, job(begun), clock), clock, 0.05)  # 12.5 s of work
    assert 8 <= len(written(store, begun)) <= 14
    assert {status for status, _ in written(store, begun)} == set(STAGES)


def test_a_slow_part_of_many_reports_only_what_is_seen(store: StatusStore) -> None:
    begun, clock = begin(store, pages=2000, parts=40), Clock()
    work_through(Reporter(store, job(begun), clock), clock, 60.0)
    assert [progress for _, progress in written(store, begun)] == [10, 10, 11, 12]


def test_the_last_report_is_written_once(store: StatusStore) -> None:
    begun = begin(store, pages=50, parts=1)
    part = Reporter(store, job(begun), Clock())
    for pages_done in (48, 49, 50):
        part.report(Status.STORING, fraction=1.0, pages_done=pages_done)
    assert len(written(store, begun)) == 1


def test_an_outage_does_not_break_the_work(store: StatusStore, emulator: TestEmulator) -> None:
    begun = begin(store, pages=1, parts=1)
    away = Failing(emulator.emulator.client("dynamodb"), EndpointConnectionError(endpoint_url="http://dynamodb"))
    failing = StatusStore(away, store.settings)  # type: ignore[arg-type]
    Reporter(failing, job(begun)).report(Status.EMBEDDING, fraction=0.5)
    assert away.failed == 1
    with pytest.raises(TransientError):  # the end of the work is another matter
        failing.finish(job(begun), Status.COMPLETED)


def test_other_errors_are_not_swallowed(store: StatusStore, emulator: TestEmulator) -> None:
    begun = begin(store, pages=1, parts=1)
    broken = Failing(emulator.emulator.client("dynamodb"), ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        Reporter(StatusStore(broken, store.settings), job(begun)).report(  # type: ignore[arg-type]
            Status.EMBEDDING, fraction=0.5
        )


def test_a_worker_learns_that_its_version_is_not_wanted(store: StatusStore) -> None:
    begun = begin(store, pages=1, parts=1)
    part = Reporter(store, job(begun))
    part.report(Status.PROCESSING_STARTED, fraction=0.0)
    store.cancel(begun.document_id)
    with pytest.raises(SupersededError):
        part.report(Status.STORING, fraction=1.0)
