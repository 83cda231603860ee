"""Routing against the labels of persons, and what measuring a page costs.

    RAG_EVAL_DATA=… python -m benchmarks.routing

Every page of every labelled file is looked at; a file is visual when most of its pages are. Milliseconds are processor
time of measuring one page, loading it included. The entry's part is timed on a long file read from the disk.
"""

import argparse
import csv
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from core.inspection import inspect
from core.pdf_features import features, open_pdf
from core.ranges import over
from core.routing import PageRoute, choose_route, summarise, unreadable
from core.settings import Settings

LONG_FILE = "pages/pdf/octave.pdf"
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Labelled:
    """A file, what a person says it is, and what was found."""

    name: str
    kind: str
    confidence: str
    pages: list[PageRoute]
    milliseconds: list[float]  #: (pages,)

    @property
    def is_right(self) -> bool:
        return summarise(self.pages, len(self.pages)).route == self.kind

    def commonest_reason(self) -> str:
        """Of the pages that did not take the route of the label."""
        count, reasons = Counter(), {}  # type: Counter[str], dict[str, str]
        for page in self.pages:
            if page.route != self.kind:
                words = "".join(letter for letter in page.reason if not letter.isdigit())
                count[words] += 1
                reasons.setdefault(words, f"page {page.page}: {page.reason}")
        return reasons[count.most_common(1)[0][0]]


def look(root: Path, row: dict[str, str]) -> Labelled:
    pages, milliseconds = [], []
    with (root / row["file"]).open("rb") as file:
        document = open_pdf(file)
        for number in range(1, len(document) + 1):
            begun = time.thread_time()
            found = [choose_route(measured) for measured in features(document, [number])]
            milliseconds.append((time.thread_time() - begun) * 1000)
            pages += found or [unreadable(number)]
        document.close()
    return Labelled(row["file"], row["kind"], row["confidence"], pages, milliseconds)


def entry_seconds(path: Path) -> tuple[float, int, int]:
    """Median seconds that inspecting the file takes, pages looked at and bytes read."""
    seconds, settings = [], Settings(max_pages=MOST_PAGES)
    for _ in range(5):
        with path.open("rb") as opened:
            begun = time.perf_counter()
            found = inspect(over(opened), path.name, settings)
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds), len(found.routes.pages), found.bytes_fetched


def rows_of(files: Sequence[Labelled]) -> list[list[str]]:
    rows = []
    for confidence in ("clear", "borderline"):
        of_these = [file for file in files if file.confidence == confidence]
        wrong = [file for file in of_these if not file.is_right]
        rows.append([f"{confidence} files on the right route", f"{len(of_these) - len(wrong)} of {len(of_these)}", ""])
        rows += [[f"  missed: {Path(file.name).name}", file.kind, file.commonest_reason()] for file in wrong]
    milliseconds = sorted(value for file in files for value in file.milliseconds)
    median = f"{statistics.median(milliseconds):.2f} ms"
    rows.append(["features of a page, median", median, f"{len(milliseconds):,} pages"])
    rows.append(["features of a page, 95th percentile", f"{milliseconds[len(milliseconds) * 95 // 100]:.1f} ms", ""])
    return rows


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    about = machine.describe()
    root = machine.evaluation_data()
    with (root / "pdf_routing.csv").open(encoding="utf-8") as table:
        files = [look(root, row) for row in csv.DictReader(table)]
    seconds, pages, fetched = entry_seconds(root / LONG_FILE)
    rows = rows_of(files)
    detail = f"{pages} pages looked at, {fetched / 1e6:.1f} MB read"
    rows.append([f"inspecting {Path(LONG_FILE).name}", f"{seconds * 1000:.0f} ms", detail])
    machine.show("Routing by content", about, ["", "", "remark"], rows)


if __name__ == "__main__":
    main()
