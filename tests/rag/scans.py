"""Scanned pages, and a tesseract that counts what it reads and stops where a test wants it to."""

import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PAGE = (180.0, 240.0)  # points: small, so that a page is read in a second
TOPICS = ("ferries", "lighthouses", "harbours", "anchors", "lanterns", "signals")
RUNNING = "Harbour board, yearly report"  # on each page with a text layer: what stands on all of them is left out


def scan(number: int) -> Image.Image:
    """A picture of a page of text."""
    image = Image.new("L", (540, 720), 255)
    draw = ImageDraw.Draw(image)
    for line in range(4):
        words = f"Sheet {number} tells of {TOPICS[number % len(TOPICS)]}"
        draw.text((30, 60 + 110 * line), f"{words} {line}", fill=0, font=ImageFont.load_default(26))
    return image


def mixed(scans: int) -> bytes:
    """A PDF: three pages of text under a running line, then scanned ones."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=PAGE)
    for number in range(1, 4):
        canvas.setFont("Helvetica", 7)
        canvas.drawString(10, 228, RUNNING)
        for line in range(12):
            canvas.drawString(10, 200 - 12 * line, f"Page {number}, line {line}: the minutes were read.")
        canvas.showPage()
    for number in range(scans):
        canvas.drawImage(ImageReader(scan(number)), 0, 0, *PAGE)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


SCRIPT = """#!/bin/sh
case "$*" in *"--psm 3"*)
    echo "$*" >> {folder}/read
    if [ -e {folder}/stop ] && [ $(wc -l < {folder}/read) -ge $(cat {folder}/stop) ]; then
        touch {folder}/stopped
        sleep 600
    fi;;
esac
exec {program} "$@"
"""


@dataclass(frozen=True)
class CountingTesseract:
    """The installed tesseract behind a script that counts the pages it is given."""

    folder: Path

    @property
    def pages(self) -> int:
        """How many pages it was given."""
        log = self.folder / "read"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def stop_at(self, page: int) -> None:
        """At the page with this number, from 1, it hangs for ever."""
        (self.folder / "stop").write_text(str(page))

    def go_on(self) -> None:
        """It hangs no more."""
        for name in ("stop", "stopped"):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def has_stopped(self) -> bool:
        """Whether it hangs."""
        return (self.folder / "stopped").exists()


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountingTesseract:
    """The first tesseract on the path of this test."""
    program = shutil.which("tesseract")
    if program is None:
        pytest.skip("tesseract is not installed")
    folder = tmp_path / "programs"
    folder.mkdir()
    script = folder / "tesseract"
    script.write_text(SCRIPT.format(folder=folder, program=program))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return CountingTesseract(folder)
