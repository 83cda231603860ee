"""Small documents of our own making, the same bytes each time they are made."""

import io
from collections.abc import Sequence

import docx
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.util import Cm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SIZE = (260, 330)  #: points of a page: small, so that it is soon rendered and read; upright, as no slide is
BROKEN_PDF = b"%PDF-1.7\nnothing of a document follows\n%%EOF\n"
#: What is told of each subject; a page takes a few sentences
SENTENCES = (
    "The {} was repaired in the yard before the winter storms began.",
    "Nobody had asked the crew what they thought of the new {}.",
    "A report on the {} lies with the harbour office, in two copies.",
    "Every spring the {} is painted, inspected and weighed again.",
    "The price of the {} rose by four per cent within a year.",
    "Two engineers from the north coast measured the {} twice.",
)


def page(subject: str) -> str:
    """The text of a page, a line a sentence."""
    return "\n".join(sentence.format(subject) for sentence in SENTENCES)


def pdf(subjects: Sequence[str], pictures: Sequence[str] = ()) -> bytes:
    """A PDF with a page of text a subject, and then an image-only page for each of ``pictures``."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=SIZE, invariant=1)
    for subject in subjects:
        _write(canvas, page(subject))
    for subject in pictures:
        _paint(canvas, page(subject))
    canvas.save()
    return file.getvalue()


def long_pdf(pages: int, picture_at: Sequence[int]) -> bytes:
    """A PDF of so many pages, some of them image-only (from 1)."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=SIZE, invariant=1)
    for number in range(1, pages + 1):
        (_paint if number in picture_at else _write)(canvas, page(f"bridge {number}"))
    canvas.save()
    return file.getvalue()


def deck(titles: Sequence[str]) -> bytes:
    """A presentation with a slide a title."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Cm(10), Cm(5)
    for title in titles:
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        slide.shapes.add_textbox(Cm(1), Cm(1), Cm(8), Cm(3)).text_frame.text = f"The {title} at rest"
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def letter(subjects: Sequence[str]) -> bytes:
    """A Word file with a heading and a paragraph a subject."""
    document = docx.Document()
    for subject in subjects:
        document.add_heading(subject.capitalize(), 1)
        document.add_paragraph(page(subject).replace("\n", " "))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _write(canvas: Canvas, text: str) -> None:
    """A page of text."""
    canvas.setFont("Helvetica", 7)
    for number, line in enumerate(text.splitlines()):
        canvas.drawString(20, 300 - 14 * number, line)
    canvas.showPage()


def _paint(canvas: Canvas, text: str) -> None:
    """A page that is a picture of text, as a scanner would give it."""
    picture = Image.new("L", (780, 990), 250)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(21)
    for number, line in enumerate(text.splitlines()):
        draw.text((60, 90 + 42 * number), line, font=font, fill=20)
    scanned = io.BytesIO()
    picture.save(scanned, "PNG")
    canvas.drawImage(ImageReader(scanned), 0, 0, *SIZE)
    canvas.showPage()
