"""The documents of a load: small, of many kinds, each one different, a few that nobody can read."""

import io
import itertools
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
# fmt: off
WORDS = [
    "anchor", "harbour", "pump", "valve", "lantern", "compass", "ballast", "rudder", "chart", "tide", "signal",
    "engine", "cable", "winch", "mast", "galley", "rope", "deck", "crew", "watch", "log", "beacon", "sextant",
    "hull", "keel", "cargo", "hatch", "pilot", "buoy", "current",
]
# fmt: on
LINES = 30  #: of a page
UNREADABLE = 15  #: every so manyth document is damaged
KINDS = ("txt", "pdf", "md", "pdf", "csv", "sample")


@dataclass(frozen=True)
class LoadDocument:
    """A file to upload."""

    name: str
    data: bytes
    readable: bool


def documents(count: int, seed: int) -> Iterator[LoadDocument]:
    """So many files; the same seed makes the same ones."""
    chance = random.Random(seed)  # noqa: S311  not a secret
    samples = sorted(path for path in SAMPLES.iterdir() if path.suffix in {".docx", ".xlsx", ".html", ".pptx", ".pdf"})
    for number, kind in zip(range(count), itertools.cycle(KINDS), strict=False):
        if number % UNREADABLE == UNREADABLE - 1:
            yield LoadDocument(f"damaged-{number}.pdf", b"%PDF-1.7\n" + chance.randbytes(2000), readable=False)
        elif kind == "sample" and samples:
            path = samples[number % len(samples)]
            yield LoadDocument(f"{number}-{path.name}", path.read_bytes(), readable=True)
        elif kind == "pdf":
            yield LoadDocument(f"report-{number}.pdf", pdf(chance.randint(1, 6), chance), readable=True)
        else:
            text = "\n".join(_line(chance) for _ in range(chance.randint(5, 80)))
            yield LoadDocument(f"notes-{number}.{kind}", text.encode(), readable=True)


def pdf(pages: int, chance: random.Random, scanned: Collection[int] = ()) -> bytes:
    """A PDF of so many pages of text; those ``scanned`` are pictures of a page."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    scan = ImageReader(_scan(chance)) if scanned else None
    for page in range(1, pages + 1):
        if scan and page in scanned:
            canvas.drawImage(scan, 0, 0, *A4)
            canvas.showPage()
            continue
        text = canvas.beginText(60, 780)
        for line in [f"Page {page}", *(_line(chance) for _ in range(LINES))]:
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _scan(chance: random.Random) -> Image.Image:
    """A picture of a page of text, as a scanner makes it at 100 dots an inch."""
    page = Image.new("L", (827, 1169), 255)
    draw = ImageDraw.Draw(page)
    for line in range(LINES):
        draw.text((80, 80 + 32 * line), _line(chance), fill=0, font=ImageFont.load_default(16))
    return page


def question(chance: random.Random) -> str:
    """Something to ask of such documents."""
    return " ".join(chance.sample(WORDS, 3))


def _line(chance: random.Random) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(9)).capitalize() + "."
