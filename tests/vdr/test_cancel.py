"""Cancelling while a part runs: it stops at its next step, parts that wait are dropped, and nothing of it is left."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from reportlab.pdfgen.canvas import Canvas

from core import logs
from core.database import transaction
from core.jobs import Job
from core.status import DocumentStatus, Status
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.pipelines import SAMPLES, Bench

#: The lease's heartbeat alone finds out: but for a part's first step nothing is reported
QUIET = {"lease_seconds": 0.6, "status_interval_seconds": 3600.0}
PATIENCE_SECONDS = 60
TABLES = ("hybrid_dense_embeddings", "document_pages", "document_vdr_pages", "document_parts")


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(emulator, database, opened, **QUIET, visual_part_pages=6, vdr_batch_pages=1)
    opened.close()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged from here on."""
    buffer = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", buffer)
    return buffer


def slides(number: int) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(960.0, 540.0))
    for page in range(1, number + 1):
        canvas.setFont("Helvetica", 40)
        canvas.drawString(60, 440, f"Ferry passengers in year {page}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@contextmanager
def running(bench: Bench, job: Job) -> Iterator[threading.Thread]:
    """The worker of the job, at work."""
    worker = threading.Thread(target=bench.work, args=(job,))
    worker.start()
    yield worker
    worker.join(PATIENCE_SECONDS)
    assert not worker.is_alive()


def wait_until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)


def assert_nothing_is_left(bench: Bench, begun: DocumentStatus) -> None:
    assert bench.status(begun).status is Status.CANCELLED
    assert {table: bench.rows(f"SELECT count(*) FROM {table}") for table in TABLES} == {  # noqa: S608
        table: [(0,)] for table in TABLES
    }
    assert bench.derived(begun.document_id) == []


def test_a_text_part_stops_and_the_others_are_dropped(bench: Bench, written: io.StringIO) -> None:
    begun = bench.upload((SAMPLES / "crew-handbook.pdf").read_bytes(), "handbook.pdf", rag_route="text")
    first, *waiting = bench.jobs()
    with running(bench, first):
        wait_until(lambda: bench.status(begun).status is Status.EXTRACTING_TEXT)
        bench.services.statuses.cancel(begun.document_id)
    assert '"reason":"SupersededError"' in written.getvalue()
    assert '"stage":"embedding"' not in written.getvalue()  # it did not get so far
    for job in waiting:
        bench.work(job)
    assert written.getvalue().count("its version is no longer wanted") == len(waiting) == 3
    assert "Text stage finished" not in written.getvalue().partition("SupersededError")[2]
    assert_nothing_is_left(bench, begun)
    assert bench.jobs() == []  # and nobody sent the part whose turn would be next


def test_a_visual_part_stops_between_two_pages(bench: Bench, database: TestDatabase, written: io.StringIO) -> None:
    begun = bench.upload(slides(12), "slides.pdf", rag_route="visual")
    first, waiting = bench.jobs()
    stored: list[int] = [0]
    with closing(database.connect()) as watching:

        def has_begun_to_store() -> bool:
            with transaction(watching, [f"user:{bench.owner}"]) as cursor:
                cursor.execute("SELECT count(*) FROM document_vdr_pages")
                stored.append(int(cursor.fetchone()[0]))  # type: ignore[index]
            return stored[-1] > 0

        with running(bench, first) as worker:
            wait_until(has_begun_to_store)
            bench.services.statuses.cancel(begun.document_id)
            wait_until(lambda: not (has_begun_to_store() or worker.is_alive()))
    assert 0 < max(stored) < 6
    assert '"reason":"SupersededError"' in written.getvalue()
    bench.work(waiting)
    assert written.getvalue().count("its version is no longer wanted") == 1
    assert_nothing_is_left(bench, begun)
    assert bench.jobs() == []
