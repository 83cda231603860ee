"""The text pipeline over real stores: what a job leads to, once, twice, late, and for files that cannot be read."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.status import Status
from tests.databases import TestDatabase
from tests.emulators import DERIVED, UPLOADS, TestEmulator
from tests.pipelines import SAMPLES, Bench


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(emulator, database, opened)
    opened.close()


def test_the_last_part_of_a_handbook_finishes_it_whatever_the_order(bench: Bench) -> None:
    begun = bench.upload((SAMPLES / "crew-handbook.pdf").read_bytes(), "handbook.pdf", rag_route="text")
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
    bench.work_all()
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
    begun = bench.upload((SAMPLES / "season-2025.pptx").read_bytes(), "slides.pptx", rag_route="text")
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
