"""PDFs whose pages look in a known way: white, with the upper left quarter in a colour of the page's own."""

from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from core.media_types import PDF
from vdr.render import PageRenderer, RenderedPage

A4 = (595.0, 842.0)
COLOURS = ((200, 0, 0), (0, 160, 0), (0, 0, 200), (180, 120, 0), (0, 150, 150))
WHITE = (255, 255, 255)
#: Lines across a page that keep a renderer busy for many seconds
MANY_LINES = 400_000


def colour_of(page: int) -> tuple[int, int, int]:
    return COLOURS[(page - 1) % len(COLOURS)]


def write_pdf(path: Path, sizes: Sequence[tuple[float, float]], busy: int = 0) -> Path:
    """A PDF with a page a size, in points; the page ``busy`` is besides full of lines."""
    canvas = Canvas(str(path), pageCompression=1)
    for page, (width, height) in enumerate(sizes, 1):
        canvas.setPageSize((width, height))
        canvas.setFillColorRGB(*(value / 255 for value in colour_of(page)))
        canvas.rect(0, height / 2, width / 2, height / 2, stroke=0, fill=1)
        if page == busy:
            canvas.addLiteral("0 0 m 90 700 200 -300 500 800 c S\n" * MANY_LINES)
        canvas.showPage()
    canvas.save()
    return path


def rotate(path: Path, page: int, degrees: int) -> None:
    """Set a page's /Rotate: by so many degrees clockwise it is to be shown."""
    document = pdfium.PdfDocument(path.read_bytes())
    document[page - 1].set_rotation(degrees)
    document.save(path)
    document.close()


def crop(path: Path, page: int, box: tuple[float, float, float, float]) -> None:
    """Set a page's /CropBox: left, bottom, right and top in points."""
    document = pdfium.PdfDocument(path.read_bytes())
    document[page - 1].set_cropbox(*box)
    document.save(path)
    document.close()


def without_page(path: Path, page: int) -> Path:
    """The same file with a reference to nothing in place of a page."""
    content = path.read_bytes()
    start = content.index(b"/Kids [") + len(b"/Kids [")
    end = content.index(b"]", start)
    kids = content[start:end].split(b" 0 R")
    kids[page - 1] = b" " + b"0" * (len(kids[page - 1]) - 1)  # object 0 is never in use
    path.write_bytes(content[:start] + b" 0 R".join(kids) + content[end:])
    return path


def drawn(
    renderer: PageRenderer, path: Path, pages: Sequence[int], edge: int, media_type: str = PDF
) -> list[Image.Image]:
    """The pictures of pages that must all be drawn."""
    items = list(renderer.render(path, media_type, pages, edge))
    assert [item.page for item in items] == list(pages)
    assert all(isinstance(item, RenderedPage) for item in items), items
    return [item.image for item in items if isinstance(item, RenderedPage)]


def looks_like(image: Image.Image, at: tuple[float, float], colour: tuple[int, ...]) -> bool:
    """Whether the pixel at a place, in shares of width and height from the upper left, is about of a colour."""
    pixel = image.getpixel((int(at[0] * image.width), int(at[1] * image.height)))
    assert isinstance(pixel, tuple)
    return max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 30
