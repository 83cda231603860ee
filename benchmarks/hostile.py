"""Hostile files, and what becomes of each: how it ends, how long that takes, and the memory of the largest parser.

    RAG_EVAL_DATA=… python -m benchmarks.hostile

Each file takes the way of an upload as far as parsers are concerned: inspection, text and pictures of its text pages,
OCR and drawing of its visual ones. Nothing is embedded or stored. Needs no service.
"""

import csv
import time
from pathlib import Path

from benchmarks import machine
from benchmarks.peak_memory import PeakMemory
from core.errors import DocumentError
from core.inspection import inspect
from core.media_types import PDF
from core.ranges import over
from core.route_pages import route_pages
from core.settings import Settings
from rag.extract import extract
from rag.selective_visual_processor import read_pictures
from vdr.render import RenderedPage, page_renderer


def end_of(path: Path, settings: Settings) -> str:
    """How a file ends: what was read and drawn, or the code by which it is refused."""
    try:
        with path.open("rb") as file:
            found = inspect(over(file), path.name, settings)
        pages = range(1, found.pages + 1)
        routes = route_pages(path, found.media_type, list(pages), settings)
        visual = [route.page for route in routes if route.route == "visual"]
        read = extract(path, found.media_type, pages, settings, lambda _: None, visual=visual)
    except DocumentError as error:
        return error.code
    read_pictures(path, found.media_type, read, settings, lambda _done, _total: None)
    drawn = _drawn(path, found.media_type, visual, settings)
    gaps = f", {len(read.gaps)} gaps" if read.gaps else ""
    return f"read: {len(read.pages)} pages{gaps}" + (f", {drawn} of {len(visual)} drawn" if visual else "")


def _drawn(path: Path, media_type: str, pages: list[int], settings: Settings) -> int:
    if not pages or (media_type != PDF and not media_type.startswith("image/")):
        return 0
    drawn = page_renderer(settings).render(path, media_type, pages, settings.page_image_edge)
    return sum(isinstance(page, RenderedPage) for page in drawn)


def main() -> None:
    root, about, settings = machine.evaluation_data(), machine.describe(), Settings()
    rows, most_seconds, most_megabytes = [], 0.0, 0.0
    with (root / "hostile.csv").open(encoding="utf-8", newline="") as table:
        files = list(csv.DictReader(table))
    for row in files:
        started = time.perf_counter()
        with PeakMemory() as peak:
            end = end_of(root / row["file"], settings)
        seconds, megabytes = time.perf_counter() - started, peak.kilobytes / 1000
        most_seconds, most_megabytes = max(most_seconds, seconds), max(most_megabytes, megabytes)
        rows.append([Path(row["file"]).name, row["expected"], end, f"{seconds:.1f}", f"{megabytes:.0f}"])
    note = f"longest {most_seconds:.1f} s, largest parser {most_megabytes:.0f} MB, {len(rows)} files, no crash"
    columns = ["file", "expected", "end", "seconds", "peak MB"]
    machine.show("Hostile files", about, columns, rows, [note])


if __name__ == "__main__":
    main()
