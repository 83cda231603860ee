"""Which pictures inside documents are kept, and how many are sent to the vision model, on labelled ones.

    RAG_EVAL_DATA=… python -m benchmarks.pictures [--wrong]

The labels (``tests/rag/picture_labels.csv``) were made by eye. Points were tuned on the pictures whose hash begins with
an even digit, first on those of ``office`` and ``routing``, later on those of ``pages`` too; the others were held aside
(RESULTS.md says what was seen of them). A chart, table or diagram is kept when its score sends it to the vision model;
one that the search does not find is lost. ``--wrong`` lists the verdicts that differ from the labels, with reasons.
"""

import argparse
import csv
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium

from benchmarks import machine
from core.media_types import PDF
from core.settings import Settings
from rag.convert import DOCX, PPTX
from rag.picture_choice import judged
from rag.picture_score import DESCRIBED, FACTUAL, READ, Verdict
from rag.picture_search import search

LABELS = Path(__file__).resolve().parents[1] / "tests" / "rag" / "picture_labels.csv"
MEDIA_TYPES = {".pdf": PDF, ".docx": DOCX, ".pptx": PPTX, ".html": "text/html"}
HALVES = ("tuned on", "held aside")
SETS = tuple(f"{group}, {half}" for group in ("office and routing", "pages") for half in HALVES)
LOST = Verdict(0, "decorative", "not found")


@dataclass(frozen=True)
class Judged:
    """A labelled picture and the verdict on it."""

    file: str
    page: str
    hash: str
    label: str
    worth: str
    verdict: Verdict

    @property
    def set(self) -> str:
        """Which of the sets it belongs to."""
        return SETS[2 * self.file.startswith("pages/") + int(self.hash[0], 16) % 2]

    @property
    def sent(self) -> bool:
        """Whether a vision model would describe it."""
        return self.verdict.score >= DESCRIBED

    @property
    def action(self) -> str:
        """What would be done with it, in the words of the labels."""
        return "described" if self.sent else "read" if self.verdict.score >= READ else "skip"


def verdicts(path: Path, folder: Path) -> tuple[dict[str, Verdict], float, int]:
    """The verdicts on a file's pictures by their hash, the seconds it took and the number of pages."""
    media_type = MEDIA_TYPES[path.suffix]
    pages = 1000
    if media_type == PDF:
        with pdfium.PdfDocument(path) as document:
            pages = len(document)
    started = time.perf_counter()
    found = search(path, media_type, range(1, pages + 1), folder, Settings(picture_timeout_seconds=300))
    seconds = time.perf_counter() - started
    return {places[0].hash: verdict for places, verdict in judged(found)}, seconds, pages


def judge(data: Path) -> tuple[list[Judged], list[list[str]]]:
    """Every labelled picture with its verdict, and the cost of the searches in PDFs of 100 pages and more."""
    with LABELS.open(newline="") as file:
        labels = list(csv.DictReader(file))
    found: list[Judged] = []
    costs = []
    for name in sorted({label["file"] for label in labels}):
        with tempfile.TemporaryDirectory() as folder:
            by_hash, seconds, pages = verdicts(data / name, Path(folder))
        if name.endswith(".pdf") and pages >= 100:
            costs.append([name, f"{pages}", f"{len(by_hash)}", f"{seconds:.1f}", f"{1000 * seconds / pages:.1f}"])
        found += [
            Judged(name, row["page"], row["hash"], row["label"], row["worth"], by_hash.get(row["hash"], LOST))
            for row in labels
            if row["file"] == name
        ]
    return found, costs


def summary(name: str, pictures: Sequence[Judged]) -> list[str]:
    """The figures of one set."""
    factual = [picture for picture in pictures if picture.label in FACTUAL]
    kept = sum(picture.sent for picture in factual)
    sent = sum(picture.sent for picture in pictures)
    agreed = sum(picture.action == picture.worth for picture in pictures)
    return [
        name,
        f"{len(pictures)}",
        f"{kept}/{len(factual)} = {kept / max(1, len(factual)):.1%}",
        f"{sent} = {sent / max(1, len(pictures)):.1%}",
        f"{len(pictures) / max(1, sent):.1f}x",
        f"{agreed / max(1, len(pictures)):.0%}",
    ]


def by_label(pictures: Sequence[Judged]) -> list[list[str]]:
    """For each label how many pictures there are and what is done with them."""
    counts = Counter((picture.label, picture.action) for picture in pictures)
    labels = sorted({picture.label for picture in pictures})
    return [[label, *(f"{counts[label, action]}" for action in ("described", "read", "skip"))] for label in labels]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="list the verdicts that differ from the labels")
    wrong = parser.parse_args().wrong
    about = machine.describe()
    pictures, costs = judge(machine.evaluation_data())
    rows = [summary(name, [picture for picture in pictures if picture.set == name]) for name in SETS]
    rows += [summary(f"all {half}", [picture for picture in pictures if picture.set.endswith(half)]) for half in HALVES]
    columns = ["pictures", "labelled", "charts, tables, diagrams kept", "sent", "calls saved", "as labelled"]
    machine.show("Pictures inside documents", about, columns, rows)
    machine.show("What is done with them", about, ["label", "described", "read by OCR", "skipped"], by_label(pictures))
    machine.show("Search in long PDFs", about, ["file", "pages", "pictures", "seconds", "ms a page"], costs)
    if wrong:
        differing = [picture for picture in pictures if picture.action != picture.worth]
        described = [[f"{p.file} {p.page}", p.label, p.worth, p.action, p.verdict.reason] for p in differing]
        machine.show("Other than labelled", about, ["picture", "label", "worth", "done", "reason"], described)


if __name__ == "__main__":
    main()
