"""The text pipeline over real stores: what a job leads to, once, twice, late, and for files that cannot be read."""

import gzip
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection

from core import worker
from core.database import transaction
from core.entry import Request, accept
from core.events import Message
from core.jobs import Job
from core.status import DocumentStatus, Status
from rag.text_rag_pipeline import discard, process
from tests.databases import TestDatabase
from tests.emulators import DERIVED, UPLOADS, TestEmulator
from tests.services import services_over

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


class Bench:
    """An owner, her uploads, and a worker that takes the jobs in any order."""

    def __init__(self, emulator: TestEmulator, database: TestDatabase, opened: connection) -> None:
        self.emulator = emulator.emulator
        settings = database.settings(**emulator.settings, text_part_pages=8, status_interval_seconds=0.0)
        self.database = opened
        self.services = services_over(emulator, settings, lambda: opened)
        self.owner = uuid.uuid4().hex

    def upload(self, data: bytes, name: str) -> DocumentStatus:
        key = f"{self.owner}/{name}"
        self.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=data)
        return accept(Request(bucket=UPLOADS, key=key), self.services)

    def jobs(self) -> list[Job]:
        found: list[Job] = []
        url = self.services.settings.text_rag_processing_queue_url
        sqs = self.emulator.client("sqs")
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(Job.from_json(message["Body"]))
        return sorted(found, key=lambda job: job.part)

    def work(self, job: Job) -> None:
        worker.run(Message(job.to_json(), 1), self.services, process, discard)

    def status(self, begun: DocumentStatus) -> DocumentStatus:
        found = self.services.statuses.get(begun.status_id)
        assert found is not None
        return found

    def contents(self) -> list[str]:
        with transaction(self.database, [f"user:{self.owner}"]) as cursor:
            cursor.execute("SELECT content FROM hybrid_dense_embeddings ORDER BY chunk_id")
            return [content for (content,) in cursor.fetchall()]


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(emulator, database, opened)
    opened.close()


def test_the_last_part_of_a_handbook_finishes_it_whatever_the_order(bench: Bench) -> None:
    begun = bench.upload((SAMPLES / "crew-handbook.pdf").read_bytes(), "handbook.pdf")
    jobs = bench.jobs()
    assert len(jobs) == 4
    for job in reversed(jobs):
        assert bench.status(begun).status not in {Status.COMPLETED}
        bench.work(job)
    done = bench.status(begun)
    assert (done.status, done.progress) == (Status.COMPLETED, 100)
    assert (done.metadata["totalPages"], done.metadata["pagesDone"]) == (31, 31)
    assert done.metadata["chunks"] == len(bench.contents()) > 31


def test_progress_never_goes_down_and_ends_at_a_hundred(bench: Bench) -> None:
    begun = bench.upload((SAMPLES / "crew-handbook.pdf").read_bytes(), "handbook.pdf")
    for job in bench.jobs():
        bench.work(job)
    events = bench.services.statuses.events(begun.document_id, limit=1000)
    progress = [event["metadata"]["progress"] for event in events]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


def test_a_job_delivered_again_changes_nothing(bench: Bench) -> None:
    begun = bench.upload(b"One passage about ferries.", "note.txt")
    (job,) = bench.jobs()
    bench.work(job)
    once = (bench.status(begun), bench.contents())
    bench.work(job)
    assert (bench.status(begun), bench.contents()) == once


def test_a_part_that_was_stored_before_a_crash_is_reported_by_the_repetition(bench: Bench) -> None:
    begun = bench.upload(b"One passage about ferries.", "note.txt")
    (job,) = bench.jobs()
    healthy = bench.services.statuses

    class Dying:
        def __getattr__(self, name: str) -> Any:
            if name == "finish":
                raise ConnectionError("killed before the status was written")
            return getattr(healthy, name)

    object.__setattr__(bench.services, "statuses", Dying())
    with pytest.raises(ConnectionError):
        bench.work(job)
    object.__setattr__(bench.services, "statuses", healthy)
    assert bench.status(begun).status is not Status.COMPLETED
    bench.work(job)
    assert bench.status(begun).status is Status.COMPLETED


def test_a_new_upload_replaces_the_old_text_whole(bench: Bench) -> None:
    bench.upload(b"The old text.", "note.txt")
    (old,) = bench.jobs()
    bench.work(old)
    begun = bench.upload(b"The new text.", "note.txt")
    (new,) = bench.jobs()
    assert bench.contents() == ["The old text."]
    bench.work(new)
    bench.work(old)  # late
    assert bench.contents() == ["The new text."]
    assert bench.status(begun).current_generation == 2


def test_slides_are_pages(bench: Bench) -> None:
    begun = bench.upload((SAMPLES / "season-2025.pptx").read_bytes(), "slides.pptx")
    (job,) = bench.jobs()
    bench.work(job)
    assert bench.status(begun).metadata["totalPages"] == 10


@pytest.mark.parametrize(("data", "name"), [(b" \n \n", "blank.txt"), (b"<html><body></body></html>", "blank.html")])
def test_a_document_without_text_fails_and_leaves_nothing(bench: Bench, data: bytes, name: str) -> None:
    begun = bench.upload(data, name)
    (job,) = bench.jobs()
    bench.work(job)
    failed = bench.status(begun)
    assert (failed.status, failed.metadata["code"]) == (Status.FAILED, "no_text")
    assert bench.contents() == []


def test_a_version_without_text_leaves_the_one_before_searchable(bench: Bench) -> None:
    bench.upload(b"The old text.", "note.txt")
    for job in bench.jobs():
        bench.work(job)
    begun = bench.upload(b"  ", "note.txt")
    for job in bench.jobs():
        bench.work(job)
    assert bench.status(begun).status is Status.FAILED
    assert bench.contents() == ["The old text."]


def test_an_object_that_is_gone_fails_and_one_that_was_replaced_is_left_to_its_own_job(bench: Bench) -> None:
    begun = bench.upload(b"Some text.", "note.txt")
    (job,) = bench.jobs()
    s3 = bench.emulator.client("s3")
    s3.put_object(Bucket=UPLOADS, Key=job.key, Body=b"Other text.")
    bench.work(job)
    assert bench.status(begun).status is not Status.FAILED
    s3.delete_object(Bucket=UPLOADS, Key=job.key)
    bench.work(job)
    assert bench.status(begun).metadata["code"] == "removed"


def test_the_text_that_offsets_refer_to_is_kept_for_the_current_version_only(bench: Bench) -> None:
    for text in (b"The old text.", b"The new text."):
        begun = bench.upload(text, "note.txt")
        for job in bench.jobs():
            bench.work(job)
    s3 = bench.emulator.client("s3")
    (kept,) = s3.list_objects_v2(Bucket=DERIVED, Prefix=f"{begun.document_id}/")["Contents"]
    pages = json.loads(gzip.decompress(s3.get_object(Bucket=DERIVED, Key=kept["Key"])["Body"].read()))
    assert [page["text"] for page in pages] == ["The new text."]
