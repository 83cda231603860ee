"""A part that is cut short, by the end of its worker's time or of its worker, is taken up where it was left."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core import worker
from core.events import Message
from core.jobs import Job
from core.status import DocumentStatus, Status
from rag import picture_readings, stage_outputs
from tests.databases import TestDatabase
from tests.emulators import DERIVED, TestEmulator
from tests.pipelines import PIPELINES, Bench
from tests.rag.pictures import charts
from tests.rag.scans import RUNNING, CountingTesseract, mixed, tesseract
from tests.rag.vision_server import VisionServer, vision_server

__all__ = ["tesseract", "vision_server"]

SCANS = 2
ROUTES = pytest.mark.parametrize("route", ["text", "visual"])
VECTORS = """
SELECT array_agg((ordinal, page, heading, content)::text || embedding ORDER BY chunk_id) FROM hybrid_dense_embeddings
"""
PICTURES = """
SELECT array_agg((page_num, num_vectors)::text || embedding_vectors ORDER BY page_num) FROM document_vdr_pages
"""


class KilledError(BaseException):
    """The worker's process ends where it is: nothing of ours handles it."""


class Whenever(float):
    """A deadline that has come as soon as something has happened; or at which the worker is killed."""

    def __new__(cls, happened: Callable[[], bool], *, killed: bool = False) -> "Whenever":
        deadline = super().__new__(cls, 0.0)
        deadline._happened, deadline._killed = happened, killed
        return deadline

    _happened: Callable[[], bool]
    _killed: bool

    def __lt__(self, now: float) -> bool:
        if self._happened() and self._killed:
            raise KilledError
        return self._happened()


class CutBench(Bench):
    """An owner whose workers are cut short."""

    def cut(self, job: Job, happened: Callable[[], bool], *, killed: bool = False) -> None:
        """Work on a job until something has happened."""
        deadline = Whenever(happened, killed=killed)
        message = Message(job.to_json(), 1)
        with suppress(KilledError):
            worker.run(message, self.services, *PIPELINES[job.route], deadline)

    def kept(self, begun: DocumentStatus) -> list[str]:
        """The stage outputs of a document."""
        return [key.rsplit("/")[-1] for key in self.derived(begun.document_id) if "/stages/" in key]

    def outcome(self, begun: DocumentStatus) -> tuple[object, ...]:
        """All that searches, and whoever looks at a hit, find of a document."""
        assert self.status(begun).status in {Status.COMPLETED, Status.COMPLETED_WITH_GAPS}
        (text,) = [key for key in self.derived(begun.document_id) if "/text/" in key]
        body = self.emulator.client("s3").get_object(Bucket=DERIVED, Key=text)["Body"].read()
        details = {name: self.status(begun).metadata.get(name) for name in ("chunks", "tokens", "gaps", "pictures")}
        return gzip.decompress(body), self.rows(VECTORS), self.rows(PICTURES), details


Benches = Callable[..., CutBench]


def keep_whole_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stage makes is kept at its end, and then only."""
    monkeypatch.setattr(stage_outputs, "WORTH_SECONDS", 0)
    monkeypatch.setattr(stage_outputs, "KEPT_EVERY_SECONDS", 3600)


@pytest.fixture
def benches(emulator: TestEmulator, database: TestDatabase) -> Iterator[Benches]:
    opened = database.connect()
    sizes = {"visual_part_pages": 20, "text_part_pages": 20, "page_image_edge": 300, "page_thumbnail_edge": 100}
    yield lambda **more: CutBench(emulator, database, opened, ocr_workers=1, ocr_languages="eng", **sizes, **more)
    opened.close()


@ROUTES
@pytest.mark.parametrize("killed", [False, True], ids=["time is up", "killed"])
def test_the_next_call_reads_only_what_is_left(
    benches: Benches, route: str, tesseract: CountingTesseract, monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    if killed:  # it has no time for last words
        monkeypatch.setattr(stage_outputs, "KEPT_EVERY_SECONDS", 0)
    undisturbed, bench = benches(), benches()
    expected = undisturbed.upload(mixed(SCANS), "scans.pdf", rag_route=route)
    undisturbed.work_all()
    pages = SCANS if route == "text" else SCANS + 3
    assert tesseract.pages == pages
    begun = bench.upload(mixed(SCANS), "scans.pdf", rag_route=route)
    (job,) = bench.jobs()
    tesseract.stop_at(pages + pages - 1)
    bench.cut(job, lambda: tesseract.has_stopped, killed=killed)
    assert bench.kept(begun) == ["pages.jsonl.gz"]
    assert bench.jobs() == ([] if killed else [job])
    assert bench.status(begun).status is Status.EXTRACTING_TEXT
    tesseract.go_on()
    bench.work(job)
    # Read again: the page at which it was cut short and, if it was killed, one that was not kept yet
    assert tesseract.pages - 2 * pages in ({1, 2} if killed else {1})
    assert bench.outcome(begun) == undisturbed.outcome(expected)
    assert route == "visual" or RUNNING not in str(bench.contents())  # on a picture OCR sees it
    assert bench.kept(begun) == []


@ROUTES
def test_a_stage_that_is_over_is_not_done_again(
    benches: Benches, route: str, tesseract: CountingTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_whole_stages(monkeypatch)
    undisturbed, bench = benches(), benches()
    expected = undisturbed.upload(mixed(1), "scans.pdf", rag_route=route)
    undisturbed.work_all()
    begun = bench.upload(mixed(1), "scans.pdf", rag_route=route)
    (job,) = bench.jobs()
    bench.cut(job, lambda: bool(bench.kept(begun)), killed=True)
    read = tesseract.pages
    bench.work(job)
    assert tesseract.pages == read
    assert bench.outcome(begun) == undisturbed.outcome(expected)
    assert bench.kept(begun) == []


def test_a_damaged_stage_output_is_as_none(
    benches: Benches, tesseract: CountingTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_whole_stages(monkeypatch)
    bench = benches()
    begun = bench.upload(mixed(1), "scans.pdf", rag_route="text")
    (job,) = bench.jobs()
    bench.cut(job, lambda: bool(bench.kept(begun)), killed=True)
    (key,) = [key for key in bench.derived(begun.document_id) if "/stages/" in key]
    bench.emulator.client("s3").put_object(Bucket=DERIVED, Key=key, Body=b"damaged")
    read = tesseract.pages
    bench.work(job)
    assert tesseract.pages == 2 * read
    assert "Sheet 0" in str(bench.contents())
    assert bench.kept(begun) == []


def test_descriptions_are_paid_for_once(
    benches: Benches, tmp_path: Path, vision_server: VisionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_readings, "ASKED_AT_A_TIME", 1)
    vision = {"vision_endpoint": vision_server.address, "vision_model": "some-model"}
    undisturbed, bench = benches(**vision), benches(**vision)
    file = charts(tmp_path / "charts.pdf", 4).read_bytes()
    expected = undisturbed.upload(file, "charts.pdf", rag_route="text")
    undisturbed.work_all()
    assert len(vision_server.requests) == 4
    begun = bench.upload(file, "charts.pdf", rag_route="text")
    (job,) = bench.jobs()
    bench.cut(job, lambda: len(vision_server.requests) >= 6)
    assert "pictures.jsonl.gz" in bench.kept(begun)
    (again,) = bench.jobs()
    bench.work(again)
    assert len(vision_server.requests) in {8, 9}  # the one under way is lost
    assert bench.outcome(begun) == undisturbed.outcome(expected)
    assert bench.kept(begun) == []


@ROUTES
def test_a_short_document_leaves_nothing_on_its_way(
    benches: Benches, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_outputs, "WORTH_SECONDS", 60)  # however slow the machine
    monkeypatch.setattr(stage_outputs, "KEPT_EVERY_SECONDS", 60)
    bench = benches()
    put, keys = bench.services.blobs.put_derived, list[str]()

    def noting(key: str, data: bytes, content_type: str) -> None:
        keys.append(key)
        put(key, data, content_type)

    monkeypatch.setattr(bench.services.blobs, "put_derived", noting)
    begun = bench.upload(mixed(0), "text.pdf", rag_route=route)
    bench.work_all()
    assert bench.status(begun).status is Status.COMPLETED
    assert [key for key in keys if "/stages/" in key] == []
    assert any("/text/" in key for key in keys)


def test_a_part_for_which_no_time_suffices_ends_and_leaves_nothing(
    benches: Benches, tesseract: CountingTesseract
) -> None:
    bench = benches()
    begun = bench.upload(mixed(1), "scans.pdf", rag_route="text")
    calls = 0
    tesseract.stop_at(1)
    while jobs := bench.jobs():
        (job,) = jobs
        bench.cut(job, lambda: tesseract.has_stopped)
        calls += 1
    assert calls == worker.MOST_CALLS
    failed = bench.status(begun)
    assert (failed.status, failed.metadata["code"]) == (Status.FAILED, "too_slow")
    assert bench.derived(begun.document_id) == []
