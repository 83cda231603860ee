"""Character error rates of OCR on scanned pages whose text is known, and what a page costs.

    RAG_EVAL_DATA=… python -m benchmarks.ocr

The rate is the edit distance between what was read and the truth (Levenshtein, one a letter inserted, deleted or
replaced), over the truth's length, after Unicode NFKC and with every run of white space as one blank. A file's rate is
the mean of its pages', a group's the mean of its files'. A file is rotated when its page or its scan lies on a side.
Languages are found by script and text (``auto``); pages whose language has no data installed are told apart.
Processor seconds are those of reading and of its tesseract processes, without rendering.
"""

import json
import os
import statistics
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from rapidfuzz.distance import Levenshtein

from benchmarks import machine
from core.jobs import Gap
from rag import ocr, ocr_languages
from rag.extract_pictures import DOTS_PER_INCH, POINTS_PER_INCH

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


def pictures(path: Path) -> Iterator[tuple[Image.Image, bool]]:
    """Each page's picture as it is shown, and whether the page is turned for that."""
    document = pdfium.PdfDocument(path)
    for page in document:
        rendered = page.render(scale=DOTS_PER_INCH / POINTS_PER_INCH, grayscale=True)
        yield rendered.to_pil().copy(), page.get_rotation() % 360 != 0
    document.close()


def scan(path: Path, truths: Sequence[str]) -> Scan:
    """Read a file's pages."""
    shown = list(pictures(path))
    before = cpu_seconds()
    found = list(ocr.read_pictures([(n, p.copy) for n, (p, _) in enumerate(shown, 1)], ocr_languages.AUTO, workers=1))
    spent = (cpu_seconds() - before) / len(truths)
    texts = ["" if isinstance(item, Gap) else item[1].text for item in found]
    error = statistics.mean(map(character_error_rate, texts, truths))
    rotated = any(turned for _, turned in shown)
    gaps = tuple(item for item in found if isinstance(item, Gap))
    return Scan(path.name, ROTATED if rotated else UPRIGHT, error, spent, gaps)


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
