"""The page-image pipeline over real stores, with the text-proxy: slides, scans, charts among text, and late jobs."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from core.jobs import Job
from core.status import Status
from rag.store import delete_document
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.pipelines import SAMPLES, Bench
from vdr import office

SLIDE = (960.0, 540.0)
A4 = (595.0, 842.0)
PAGES = """
SELECT page_num, num_vectors > 0, image_width > 0 FROM document_vdr_pages ORDER BY page_num
"""
ROUTES = "SELECT page_num, route FROM document_pages ORDER BY page_num"


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(emulator, database, opened, visual_part_pages=3, page_image_edge=600, page_thumbnail_edge=100)
    opened.close()


def slides(number: int) -> bytes:
    """A deck of slides with a line of text and a chart each."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=SLIDE)
    for page in range(1, number + 1):
        canvas.setFont("Helvetica", 40)
        canvas.drawString(60, 440, f"Ferry passengers in year {page}")
        for bar in range(6):
            canvas.setFillColorRGB(bar / 6, 0.4, 0.6)
            canvas.rect(80 + 130 * bar, 80, 90, 40 + 45 * ((bar * page) % 7), fill=1)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def report(pages: int, charts: set[int]) -> bytes:
    """Pages of prose, some of which are a full-page picture instead."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    picture = Image.linear_gradient("L").convert("RGB")
    for page in range(1, pages + 1):
        if page in charts:
            canvas.drawInlineImage(picture, 0, 0, *A4)
        else:
            for line in range(24):
                text = f"Page {page}, line {line}: the harbour board met and the minutes were read and approved."
                canvas.drawString(50, 790 - 16 * line, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def test_a_deck_is_found_by_its_pages_and_keeps_their_images(bench: Bench) -> None:
    begun = bench.upload(slides(5), "deck.pdf")
    done = bench.work_all()
    assert {job.route for job in done} == {"visual"}
    status = bench.status(begun)
    assert (status.status, status.progress, status.metadata["pagesDone"]) == (Status.COMPLETED, 100, 5)
    assert status.metadata["pipeline"] == "vdr"
    assert status.metadata["pageModel"].startswith("text-proxy")
    assert bench.rows(PAGES) == [(page, True, True) for page in range(1, 6)]
    images = [key for key in bench.derived(begun.document_id) if key.endswith(".webp")]
    assert len(images) == 10
    assert any("passengers in year 3" in content for content in bench.contents())


def test_a_report_uses_both_workers_and_the_text_worker_hands_charts_over(bench: Bench) -> None:
    pages, charts = 60, {7, 8, 31, 50}
    begun = bench.upload(report(pages, charts), "report.pdf")
    sent = bench.jobs()
    looked_at = {page["page"] for page in bench.status(begun).page_routes}
    assert not charts <= looked_at  # otherwise nothing is left to be handed over
    for job in sent:
        bench.work(job)
    assert bench.status(begun).status not in {Status.COMPLETED, Status.COMPLETED_WITH_GAPS}
    handed_over = bench.work_all()
    assert handed_over and {job.route for job in handed_over} == {"visual"}
    assert all(job.part >= job.parts and job.parent >= 0 for job in handed_over)
    status = bench.status(begun)
    assert status.status is Status.COMPLETED_WITH_GAPS  # nothing on the pictures can be read
    routes = status.metadata["routes"]
    assert (routes["textPages"], routes["visualPages"]) == (pages - len(charts), len(charts))
    assert [(gap["page"], "no text" in gap["reason"]) for gap in status.metadata["gaps"]] == [
        (page, True) for page in sorted(charts)
    ]
    assert dict(bench.rows(ROUTES)) == {page: "visual" if page in charts else "text" for page in range(1, pages + 1)}
    progress = [event["metadata"]["progress"] for event in bench.services.statuses.events(begun.document_id, limit=999)]
    assert progress == sorted(progress)


def die_at_the_third_page(bench: Bench, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on a job until its third page's image is to be kept."""
    keep = bench.services.blobs.put_derived

    def dying(key: str, data: bytes, content_type: str) -> None:
        if "00003" in key:
            raise ConnectionError("killed at the third page")
        keep(key, data, content_type)

    with monkeypatch.context() as patch:
        patch.setattr(bench.services.blobs, "put_derived", dying)
        with pytest.raises(ConnectionError):
            bench.work(job)


def test_a_part_that_was_cut_short_goes_on_after_its_last_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.services = replace(bench.services, settings=replace(bench.services.settings, vdr_batch_pages=1))
    begun = bench.upload(slides(3), "deck.pdf")
    (job,) = bench.jobs()
    die_at_the_third_page(bench, job, monkeypatch)
    stored = "SELECT page_num, created_at FROM document_vdr_pages ORDER BY page_num"
    before = bench.rows(stored)
    assert [page for page, _ in before] == [1, 2]
    bench.work(job)
    assert bench.rows(stored)[:2] == before
    assert bench.status(begun).status is Status.COMPLETED
    bench.work(job)  # delivered once more
    assert len(bench.rows(stored)) == 3


def test_a_gap_is_not_forgotten_by_the_try_after(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.services = replace(bench.services, settings=replace(bench.services.settings, vdr_batch_pages=1))
    begun = bench.upload(report(3, {1}), "report.pdf", rag_route="visual")
    (job,) = bench.jobs()
    die_at_the_third_page(bench, job, monkeypatch)
    bench.work(job)
    status = bench.status(begun)
    assert status.status is Status.COMPLETED_WITH_GAPS
    assert [gap["page"] for gap in status.metadata["gaps"]] == [1]


def test_a_late_job_of_an_old_version_stores_nothing(bench: Bench) -> None:
    bench.upload(slides(2), "deck.pdf")
    (old,) = bench.jobs()
    begun = bench.upload(slides(3), "deck.pdf")
    bench.work_all()
    bench.work(old)
    assert len(bench.rows(PAGES)) == 3
    assert bench.status(begun).current_generation == 2
    assert all(f"/{2}/" in key for key in bench.derived(begun.document_id))


def test_a_document_deleted_while_its_pages_are_stored_leaves_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = bench.upload(slides(3), "deck.pdf")
    (job,) = bench.jobs()
    keep = bench.services.blobs.put_derived

    def deleted_meanwhile(key: str, data: bytes, content_type: str) -> None:
        if "00002.webp" in key:
            bench.services.statuses.delete(begun.document_id)
            delete_document(bench.database, [f"user:{bench.owner}"], begun.document_id)
            bench.services.blobs.delete_derived(begun.document_id)
        keep(key, data, content_type)

    monkeypatch.setattr(bench.services.blobs, "put_derived", deleted_meanwhile)
    bench.work(job)
    assert bench.rows(PAGES) == []
    assert bench.derived(begun.document_id) == []


def test_a_picture_file_is_a_page(bench: Bench) -> None:
    picture = io.BytesIO()
    image = Image.new("RGB", (1200, 500), "white")
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415

    ImageDraw.Draw(image).text((60, 180), "Lighthouse opening hours", fill="black", font=ImageFont.load_default(80))
    image.save(picture, "PNG")
    begun = bench.upload(picture.getvalue(), "sign.png")
    bench.work_all()
    assert bench.status(begun).status is Status.COMPLETED
    assert bench.rows(PAGES) == [(1, True, True)]
    assert "Lighthouse" in " ".join(bench.contents())


def test_a_picture_without_text_says_so(bench: Bench) -> None:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    begun = bench.upload(picture.getvalue(), "noise.png")
    bench.work_all()
    failed = bench.status(begun)
    assert (failed.status, failed.metadata["code"]) == (Status.FAILED, "no_text")
    assert bench.rows(PAGES) == []


@pytest.mark.skipif(not office.available(), reason="LibreOffice is not installed")
def test_a_presentation_is_rendered_and_shared_out(bench: Bench) -> None:
    begun = bench.upload((SAMPLES / "season-2025.pptx").read_bytes(), "season.pptx")
    (first,) = bench.jobs()
    bench.work(first)
    others = bench.jobs()
    assert [len(job.page_numbers) for job in others] == [2, 2, 3]
    for job in others:
        bench.work(job)
    status = bench.status(begun)
    assert (status.status, status.metadata["totalPages"]) == (Status.COMPLETED, 10)
    assert bench.rows(PAGES) == [(page, True, True) for page in range(1, 11)]


def test_without_libreoffice_the_text_is_indexed_and_the_status_says_what_is_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    begun = bench.upload((SAMPLES / "season-2025.pptx").read_bytes(), "season.pptx")
    bench.work_all()
    status = bench.status(begun)
    assert (status.status, status.metadata["totalPages"]) == (Status.COMPLETED, 10)
    (notice,) = status.metadata["notices"]
    assert notice["code"] == "not_rendered"
    assert "LibreOffice" in notice["message"]
    assert bench.rows(PAGES) == []
    assert bench.contents()
