"""The lines of a PDF page as pdfium sees them: text, place, size and weight."""

import ctypes
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

BOLD_WEIGHT = 530  #: pdfium derives the weight from the font's stems; bold fonts start about here
LINE_END = "\r\n"


@dataclass(frozen=True)
class Line:
    """A line of text; places in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    baseline: float
    size: float  #: of the font of its first character
    bold: bool


def read_lines(page: pdfium.PdfPage) -> list[Line]:
    """The lines of the text layer in the order of the page's content, without empty ones."""
    textpage = page.get_textpage()
    try:
        return _lines(textpage)
    finally:
        textpage.close()


def _lines(textpage: pdfium.PdfTextPage) -> list[Line]:
    lines = []
    position = 0
    for text in textpage.get_text_range().split(LINE_END):
        stripped = text.strip()
        if stripped:
            start = position + text.index(stripped)
            lines.append(_line(textpage, stripped, start, start + len(stripped) - 1))
        position += len(text) + len(LINE_END)
    return lines


def _line(textpage: pdfium.PdfTextPage, text: str, start: int, end: int) -> Line:
    """The line from text index ``start`` to ``end``; what pdfium cannot tell of a place is 0."""
    first = pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, start)
    last = pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, end)
    left, right, unused, baseline = (ctypes.c_double() for _ in range(4))
    pdfium_c.FPDFText_GetCharBox(textpage, last, unused, right, unused, unused)
    pdfium_c.FPDFText_GetCharOrigin(textpage, first, left, baseline)
    size = pdfium_c.FPDFText_GetFontSize(textpage, first)
    bold = pdfium_c.FPDFText_GetFontWeight(textpage, first) >= BOLD_WEIGHT
    return Line(text, left.value, right.value, baseline.value, size, bold)
