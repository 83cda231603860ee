"""A long document stands in no queue before a short one with more parts than may be under way at a time."""

import io
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.jobs import Job
from core.routing import Route
from core.status import Status
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.pipelines import Bench
from tests.schedules.files import deck
from vdr import office

WINDOW = 2
SLIDE = (240.0, 135.0)  # points: small, so that a page is soon read


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(
        emulator,
        database,
        opened,
        parts_in_flight=WINDOW,
        text_part_pages=6,
        visual_part_pages=2,
        ocr_languages="eng",
        page_image_edge=120,
        page_thumbnail_edge=40,
    )
    opened.close()


def slides(pages: int, prose: set[int]) -> bytes:
    """Slides with a line of text each, but for some pages of prose."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=SLIDE)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica", 3)
        for line in range(30 if page in prose else 1):
            canvas.drawString(10, 125 - 4 * line, f"Page {page}: " + "the harbour board met and read. " * 4)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


class Queues:
    """The queues of the workers, first in, first out, and how long they were."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._waiting: deque[Job] = deque(bench.jobs())
        self.longest: Counter[Route] = Counter()
        self.done: list[Job] = []
        self._measure()

    def work(self) -> bool:
        """Work on the job that has waited longest; whether there was one."""
        if not self._waiting:
            return False
        job = self._waiting.popleft()
        self._bench.work(job)
        self.done.append(job)
        self._waiting.extend(self._bench.jobs())
        self._measure()
        return True

    def _measure(self) -> None:
        for route, length in Counter(job.route for job in self._waiting).items():
            self.longest[route] = max(self.longest[route], length)


def test_pages_that_are_handed_over_wait_for_their_turn(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without tesseract: what is read in the pictures does not matter here
    pages = 48
    prose = set(range(1, pages + 1, 2))  # the entry looks at every second page
    begun = bench.upload(slides(pages, prose), "slides.pdf")
    looked_at = {page["page"] for page in bench.status(begun).page_routes}
    queues = Queues(bench)
    while queues.work():
        pass
    status = bench.status(begun)
    assert status.status in {Status.COMPLETED, Status.COMPLETED_WITH_GAPS}
    assert status.metadata["routes"]["visualPages"] == pages - len(prose)
    handed_over = [job for job in queues.done if job.parent >= 0]
    assert sum(len(job.page_numbers) for job in handed_over) == pages - len(prose | looked_at)
    assert len(handed_over) > 5 * WINDOW
    assert len({job.part for job in queues.done}) == len(queues.done)  # nothing was sent twice
    assert queues.longest["text"] <= WINDOW
    assert queues.longest["visual"] <= 2 * WINDOW  # its own parts, and those that text parts handed over


@pytest.mark.skipif(not office.available(), reason="LibreOffice is not installed")
def test_slides_wait_for_their_turn(bench: Bench) -> None:
    begun = bench.upload(deck([f"Tide {number}" for number in range(1, 7)]), "tides.pptx")
    queues = Queues(bench)
    while queues.work():
        pass
    assert bench.status(begun).status is Status.COMPLETED
    assert len(queues.done) == 3
    assert queues.longest["visual"] <= WINDOW
