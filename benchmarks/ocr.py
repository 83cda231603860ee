"""Character error rates of OCR on scanned pages whose text is known, and what a page costs.

    RAG_EVAL_DATA=… python -m benchmarks.ocr

The rate is the edit distance between what was read and the truth (Levenshtein, one a letter inserted, deleted or
replaced), over the truth's length, after Unicode NFKC and with every run of white space as one blank. A file's rate is
the mean of its pages', a group's the mean of its files'. A file is rotated when its pages are turned to be shown.
Languages are found by script and text (``auto``); pages whose language has no data installed are told apart.
Processor seconds are those of the whole extraction: start of its process, rendering, righting and tesseract, which is
started once or more a page.
"""

import json
import os
import statistics
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from benchmarks import machine
from core.jobs import Gap
from core.media_types import PDF
from core.pdf_features import open_pdf
from core.settings import Settings
from rag import ocr_languages
from rag.extract import extract

UPRIGHT, ROTATED = "upright", "rotated"
LIMITS = {UPRIGHT: 0.05, ROTATED: 0.08}


@dataclass(frozen=True)
class Scan:
    """A file as read."""

    name: str
    group: str
    error: float  #: mean character error rate of its pages, 0 to 1
    cpu_seconds: float  #: a page
    gaps: tuple[Gap, ...]


def character_error_rate(read: str, truth: str) -> float:
    """Edit distance over the truth's length, white space and compatibility forms aside."""
    expected = normalised(truth)
    return Levenshtein.distance(normalised(read), expected) / len(expected)


def normalised(text: str) -> str:
    """In Unicode NFKC, runs of white space as one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def scan(path: Path, truths: Sequence[str]) -> Scan:
    """Read a file's pages as the text pipeline does."""
    numbers = range(1, len(truths) + 1)
    settings = Settings(ocr_languages=ocr_languages.AUTO, ocr_workers=1)
    before = cpu_seconds()
    found = extract(path, PDF, numbers, settings, lambda _: None, visual=numbers)
    spent = (cpu_seconds() - before) / len(truths)
    texts = {page.number: page.text for page in found.pages}
    errors = [character_error_rate(texts.get(number, ""), truth) for number, truth in zip(numbers, truths, strict=True)]
    return Scan(path.name, ROTATED if is_rotated(path) else UPRIGHT, statistics.mean(errors), spent, found.gaps)


def is_rotated(path: Path) -> bool:
    """Whether the first page is turned to be shown."""
    with path.open("rb") as file, closing(open_pdf(file)) as document:
        return bool(document[0].get_rotation() % 360)


def cpu_seconds() -> float:
    """What this process and its finished children have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    root = machine.evaluation_data()
    about = machine.describe()
    rows = [json.loads(line) for line in (root / "ocr_ground_truth.jsonl").read_text("utf-8").splitlines()]
    scans = [scan(root / row["file"], row["text_by_page"]) for row in rows]
    lines, notes = [], [f"languages installed: {', '.join(sorted(ocr_languages.installed()))}"]
    for done in scans:
        lines.append([done.name, done.group, f"{done.error:.2%}", f"{done.cpu_seconds:.1f}"])
        notes += [f"{done.name}, page {gap.page}: {gap.reason} (in no mean)" for gap in done.gaps]
    for group, limit in LIMITS.items():
        errors = [done.error for done in scans if done.group == group and not done.gaps]
        if errors:
            lines.append([f"mean, {group}", f"at most {limit:.0%}", f"{statistics.mean(errors):.2%}", ""])
    read = [done for done in scans if not done.gaps]
    lines.append(["mean, all that could be read", "", f"{statistics.mean(done.error for done in read):.2%}", ""])
    machine.show("OCR", about, ["file", "", "character errors", "CPU s a page"], lines, notes)


if __name__ == "__main__":
    main()
