"""Memory and time of drawing the pages of a long PDF and of making the two images that are stored of each.

    RAG_EVAL_DATA=… python -m benchmarks.render_memory [--file octave.pdf] [--pages 2000] [--edge 2048]

The pages go through the renderers and ``vdr.page_images`` as in a worker, without a model; a file with fewer pages
starts again. Memory is that of this process and of all below it together, sampled, at its peak.
"""

import argparse
import os
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium

from benchmarks import machine
from benchmarks.processes import family_mb
from core.jobs import Gap
from core.media_types import PDF
from core.settings import Settings
from vdr import page_images
from vdr.render import PageRenderer, RenderedPage, page_renderer

INTERVAL_SECONDS = 0.05


class Peak:
    """The most memory of this process and its children within a block."""

    def __enter__(self) -> "Peak":
        self.mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(INTERVAL_SECONDS):
            self.mb = max(self.mb, family_mb(os.getpid()))


@dataclass
class Cost:
    """What some pages took."""

    pages: int = 0
    gaps: int = 0
    stored_bytes: int = 0
    encode_seconds: float = 0.0  #: of processor time


def rounds(file: Path, pages: int) -> Iterator[range]:
    """The pages of the file from its first, again and again, until there are as many as wanted."""
    with pdfium.PdfDocument(file) as document:
        available = len(document)
    while pages > 0:
        yield range(1, min(available, pages) + 1)
        pages -= available


def draw(renderer: PageRenderer, file: Path, pages: int, edge: int, settings: Settings) -> Cost:
    """Draw pages and make the images of each."""
    cost = Cost()
    for numbers in rounds(file, pages):
        for item in renderer.render(file, PDF, numbers, edge):
            cost.pages += 1
            cost.gaps += isinstance(item, Gap)
            if isinstance(item, RenderedPage):
                started = time.process_time()
                for longest in (settings.page_image_edge, settings.page_thumbnail_edge):
                    cost.stored_bytes += len(page_images.encode(item.image, longest)[0])
                cost.encode_seconds += time.process_time() - started
    return cost


def processor_seconds() -> float:
    """Of this process and of all its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(program: str, file: Path, pages: int, edge: int) -> list[str]:
    """A line of the table."""
    settings = Settings(page_renderer=program)
    renderer = page_renderer(settings)
    started, processor = time.monotonic(), processor_seconds()
    with Peak() as peak:
        cost = draw(renderer, file, pages, edge, settings)
    seconds, processor = time.monotonic() - started, processor_seconds() - processor
    drawing = 1000 * (processor - cost.encode_seconds) / cost.pages
    encoding = 1000 * cost.encode_seconds / cost.pages
    kilobytes = cost.stored_bytes / cost.pages / 1000
    figures = (f"{cost.pages / seconds:.1f}", f"{drawing:.0f}", f"{encoding:.0f}", f"{peak.mb:.0f}", f"{kilobytes:.0f}")
    return [renderer.name, str(cost.pages), str(cost.gaps), *figures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", default="octave.pdf", help="a file of the page questions")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--edge", type=int, default=2048, help="pixels of a drawn page's longer side")
    parser.add_argument("--renderer", nargs="*", default=["poppler", "pdfium"])
    arguments = parser.parse_args()
    described = machine.describe()
    path = machine.evaluation_data() / "pages" / "pdf" / arguments.file
    rows = [measure(program, path, arguments.pages, arguments.edge) for program in arguments.renderer]
    columns = ("renderer", "pages", "gaps", "pages/s", "CPU ms draw", "CPU ms store", "peak MB", "KB stored a page")
    machine.show(f"{arguments.file} at {arguments.edge} pixels", described, columns, rows)


if __name__ == "__main__":
    main()
