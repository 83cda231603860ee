"""The scanned letter: pages typeset as pictures, turned a little, speckled, and stored as JPEG in a PDF."""

import io
import textwrap
from pathlib import Path

import numpy as np
import reportlab
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

DOTS_PER_INCH = 170
PAGE_BREAK = "<<<page>>>"
SKEW_DEGREES = (0.7, -0.5)


def write(source: Path, target: Path) -> None:
    """Writes ``letter.txt`` of the folder source as an image-only PDF without any text layer."""
    canvas = Canvas(str(target), pagesize=A4, invariant=1)
    canvas.setTitle("Scan_20260219")
    for number, text in enumerate((source / "letter.txt").read_text().split(PAGE_BREAK)):
        page = _scanned(_typeset(text.strip(), letterhead=number == 0), SKEW_DEGREES[number], seed=number)
        jpeg = io.BytesIO()
        page.save(jpeg, "JPEG", quality=52, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
        canvas.drawImage(ImageReader(jpeg), 0, 0, *A4)
        canvas.showPage()
    canvas.save()


def _typeset(text: str, *, letterhead: bool) -> Image.Image:
    """A page of text as a grey picture of A4 size."""
    size = (round(A4[0] / 72 * DOTS_PER_INCH), round(A4[1] / 72 * DOTS_PER_INCH))
    page = Image.new("L", size, 250)
    draw = ImageDraw.Draw(page)
    fonts = Path(reportlab.__file__).parent / "fonts"
    regular = ImageFont.truetype(str(fonts / "Vera.ttf"), 26)
    bold = ImageFont.truetype(str(fonts / "VeraBd.ttf"), 34)
    top = 150
    for number, line in enumerate(text.splitlines()):
        font = bold if letterhead and number == 0 else regular
        for piece in textwrap.wrap(line, 74) or [""]:
            draw.text((170, top), piece, font=font, fill=35)
            top += 52 if font is bold else 38
    return page


def _scanned(page: Image.Image, skew: float, *, seed: int) -> Image.Image:
    """The page as a tired office scanner would give it back."""
    turned = page.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=246).filter(ImageFilter.GaussianBlur(0.6))
    grey = np.asarray(turned, dtype=np.float64)  # (height, width)
    random = np.random.default_rng(seed)
    grey = grey + random.normal(0, 5, grey.shape)
    grey[random.random(grey.shape) < 0.0003] = 90  # specks of dust
    grey[:, 40:43] -= 18  # the streak of a scratched glass
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
