"""Render: the pages of a PDF or an image file as pictures, drawn in child processes with limits."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from core import child, logs
from core.errors import SettingsError
from core.jobs import Gap
from core.media_types import PDF
from core.settings import Settings
from vdr import render_pdfium, render_poppler
from vdr.render_order import FAILURES, Failure, Order, Program, file_of

BATCH_PAGES = 8  #: drawn by one child into files; starting it takes as long as drawing a few pages
MAX_FATAL_PAGES = 5  #: of one call; each one costs a new child
MAX_PROCESSES = 4  #: of poppler at a time
PAGE_SECONDS = 30.0
PAGE_FILE_BYTES = 100_000_000

#: How a child that ended early says what is the matter with the page it was at
_ENDINGS: dict[child.Reason, Failure] = {
    "timeout": "timeout",
    "memory": "memory",
    "crash": "damaged",
    "exit": "damaged",
}


@dataclass(frozen=True)
class RenderedPage:
    """A page as it looks."""

    page: int
    image: Image.Image  #: RGB, upright


@dataclass(frozen=True)
class PageRenderer:
    """Draws pages by one program, which is part of what distinguishes one vector space from another."""

    name: str  #: program and version, as ``poppler-22.12``
    program: Program  #: for PDFs; image files need none
    memory_bytes: int  #: address space of each process
    seconds: float  #: longest work of all children of one call
    page_seconds: float = PAGE_SECONDS

    def render(
        self, path: Path, media_type: str, pages: Sequence[int], edge: int, tick: Callable[[], None] | None = None
    ) -> Iterator[RenderedPage | Gap]:
        """One item a page, in the order of ``pages`` (ascending, from 1): its picture, or a gap with the reason.

        The longer side of a PDF's page is exactly ``edge`` pixels; an image file (its frames, for a TIFF) is only
        scaled down. One picture at a time is in memory; up to BATCH_PAGES wait in files as JPEG.
        No document makes this raise. ``tick`` is called about every second; whatever it raises ends the drawing.
        """
        if media_type != PDF and not media_type.startswith("image/"):
            raise ValueError(f"there is no way to draw {media_type}")
        with tempfile.TemporaryDirectory() as folder:
            order = Order(
                path=str(path.resolve()),
                program=self.program if media_type == PDF else "picture",
                pages=(),
                edge=edge,
                folder=folder,
                page_seconds=self.page_seconds,
                threads=min(os.cpu_count() or 1, MAX_PROCESSES),
            )
            drawing = _Drawing(order, self, tick)
            for start in range(0, len(pages), BATCH_PAGES):
                batch = pages[start : start + BATCH_PAGES]
                failures = drawing.draw(batch)
                yield from (_result(folder, page, failures.get(page)) for page in batch)


class _Drawing:
    """The children of one call: how much time is left to them, and how many were lost."""

    def __init__(self, order: Order, renderer: PageRenderer, tick: Callable[[], None] | None) -> None:
        self._order = order
        self._tick = tick
        self._memory_bytes = renderer.memory_bytes
        self._seconds = renderer.seconds
        self._fatal = 0

    def draw(self, pages: Sequence[int]) -> dict[int, Failure]:
        """Draw pages into their files; answers those that have none, with the reason."""
        failures: dict[int, Failure] = {}
        waiting = list(pages)
        while waiting:
            watch = _Watch()
            ending = self._run(waiting, watch)
            failures |= watch.failed
            waiting = [page for page in waiting if page not in watch.drawn | watch.failed.keys()]
            if watch.at not in waiting or ending is None or self._fatal >= MAX_FATAL_PAGES:
                return failures | dict.fromkeys(waiting, ending or "damaged")
            self._fatal += 1
            failures[watch.at] = ending
            waiting.remove(watch.at)
        return failures

    def _run(self, pages: Sequence[int], watch: "_Watch") -> Failure | None:
        """Start a child; answers how it failed."""
        order = {**asdict(self._order), "pages": pages}
        started = time.monotonic()
        try:
            child.run(
                ["-m", "vdr.render_child", json.dumps(order)],
                timeout_seconds=self._seconds,
                memory_bytes=self._memory_bytes,
                output_bytes=PAGE_FILE_BYTES,
                directory=Path(self._order.folder),
                on_line=watch,
                tick=self._tick,
            )
        except child.ChildError as error:
            about = {"exit_status": error.returncode, "program": self._order.program, "page": watch.at}
            logs.warning("Renderer failed", reason=error.reason, **about)
            return "timeout" if error.returncode == -signal.SIGALRM else _ENDINGS[error.reason]
        finally:
            self._seconds = max(0.0, self._seconds - (time.monotonic() - started))
        return None


class _Watch:
    """Follows what the child says of its pages."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.drawn: set[int] = set()
        self.failed: dict[int, Failure] = {}

    def __call__(self, line: str) -> None:
        word, number, *reason = line.split()
        page = int(number)
        if word == "at":
            self.at = page
        elif word == "drawn":
            self.drawn.add(page)
        else:
            self.failed[page] = reason[0]  # type: ignore[assignment]


def _result(folder: str, page: int, failure: Failure | None) -> RenderedPage | Gap:
    """The picture in a page's file, which is then removed."""
    if failure:
        return Gap(page, FAILURES[failure])
    file = file_of(folder, page)
    try:
        with Image.open(file) as image:
            return RenderedPage(page, image.convert("RGB"))
    finally:
        file.unlink()


def page_renderer(settings: Settings) -> PageRenderer:
    """The renderer that PAGE_RENDERER names; raises SettingsError when it is not installed."""
    program = _choose(settings.page_renderer)
    return PageRenderer(
        name=render_poppler.name() if program == "poppler" else render_pdfium.name(),
        program=program,
        memory_bytes=settings.parse_memory_bytes,
        seconds=settings.parse_timeout_seconds,
    )


def _choose(wanted: str) -> Program:
    lacking = {"poppler": render_poppler.missing, "pdfium": render_pdfium.missing}
    if wanted == "auto":
        return "pdfium" if render_poppler.missing() else "poppler"
    if wanted not in lacking:
        raise SettingsError(f"setting PAGE_RENDERER must be auto, poppler or pdfium, not {wanted}")
    if problem := lacking[wanted]():
        raise SettingsError(f"setting PAGE_RENDERER is {wanted}, but {problem}")
    return "poppler" if wanted == "poppler" else "pdfium"
