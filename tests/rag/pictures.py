"""Pictures and documents with pictures, drawn on the spot."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PAGE = (595.0, 842.0)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun")


def bar_chart(title: str = "Harvest in tonnes", size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Six bars with axes and labels."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(26)
    width, height = size
    draw.text((width // 4, 10), title, fill="black", font=font)
    draw.line([(80, 60), (80, height - 60), (width - 20, height - 60)], fill="black", width=3)
    for index, month in enumerate(MONTHS):
        left = 110 + index * (width - 150) // 6
        top = height - 60 - (index + 1) * (height - 160) // 6
        draw.rectangle([left, top, left + 70, height - 62], fill=(30, 90, 200))
        draw.text((left + 4, height - 50), month, fill="black", font=font)
        draw.text((left + 4, top - 32), str(100 + 37 * index), fill="black", font=font)
    return image


def photograph(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Smooth colours with grain: nothing flat, no background."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    waves = [
        np.sin(rows / period + phase) + np.cos(columns / (period * 1.3))
        for period, phase in ((31, 0), (47, 1), (23, 2))
    ]
    pixels = np.stack(waves, axis=2) * 55 + 128 + random.normal(0, 12, (*rows.shape, 3))  # (h, w, 3)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def logo() -> Image.Image:
    """A round mark."""
    image = Image.new("RGB", (120, 120), "white")
    ImageDraw.Draw(image).ellipse([8, 8, 112, 112], fill=(200, 30, 40))
    return image


def file_of(image: Image.Image, kind: str = "PNG") -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def text_lines(canvas: Canvas, lines: Sequence[str], top: float, size: float = 11) -> None:
    """Lines of text from ``top`` downwards."""
    canvas.setFont("Helvetica", size)
    for index, line in enumerate(lines):
        canvas.drawString(72, top - 14 * index, line)


def drawn_chart(canvas: Canvas, left: float, bottom: float) -> None:
    """A line chart of paths: axes, ticks, two curves, labels."""
    canvas.setLineWidth(1)
    canvas.line(left, bottom, left + 300, bottom)
    canvas.line(left, bottom, left, bottom + 180)
    canvas.setFont("Helvetica", 8)
    for tick in range(6):
        canvas.line(left + 50 * tick, bottom, left + 50 * tick, bottom - 4)
        canvas.drawString(left + 50 * tick - 4, bottom - 14, str(10 * tick))
    for slope, colour in ((0.5, (0.8, 0, 0)), (0.3, (0, 0, 0.8))):
        canvas.setStrokeColorRGB(*colour)
        path = canvas.beginPath()
        path.moveTo(left, bottom)
        for step in range(1, 31):
            path.lineTo(left + 10 * step, bottom + slope * 10 * step + 8 * np.sin(step))
        canvas.drawPath(path)
    canvas.setStrokeColorRGB(0, 0, 0)


def ruled_table(canvas: Canvas, left: float, top: float) -> None:
    """A table of text with rules around every cell."""
    canvas.setFont("Helvetica", 9)
    for row in range(9):
        canvas.line(left, top - 18 * row, left + 360, top - 18 * row)
        if row < 8:
            for column in range(4):
                canvas.drawString(left + 90 * column + 4, top - 18 * row - 13, f"entry {row} of {column}")
    for column in range(5):
        for row in range(8):
            canvas.line(left + 90 * column, top - 18 * row, left + 90 * column, top - 18 * (row + 1))


def reader(image: Image.Image) -> ImageReader:
    """The picture as reportlab places it."""
    return ImageReader(image)


def report(path: Path, pages: int = 4) -> Path:
    """A report: a logo in every header, a chart as an image on page 2, a photograph on page 3, a table on page 4."""
    canvas = Canvas(str(path), pagesize=PAGE)
    mark = reader(logo())
    for number in range(1, pages + 1):
        canvas.drawImage(mark, 500, 795, 30, 30)
        text_lines(canvas, [f"Chapter {number} tells of the orchard and its people.", "They work all the year."], 760)
        if number == 2:
            canvas.drawImage(reader(bar_chart()), 100, 430, 360, 240)
            text_lines(canvas, ["Figure 1: What was brought home", "After the picture the story goes on."], 400)
        if number == 3:
            canvas.drawImage(reader(photograph()), 100, 400, 240, 180)
        if number == 4:
            ruled_table(canvas, 72, 600)
        canvas.showPage()
    canvas.save()
    return path


def charts(path: Path, count: int) -> Path:
    """A chart on every page, each with other numbers."""
    canvas = Canvas(str(path), pagesize=PAGE)
    for number in range(count):
        text_lines(canvas, [f"Year {number} of the record."], 760)
        canvas.drawImage(reader(bar_chart(f"Year {number}")), 100, 400, 360, 240)
        canvas.showPage()
    canvas.save()
    return path
