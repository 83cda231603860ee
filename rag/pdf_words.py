"""The words of a PDF page's text layer with their places on the page as it is shown."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import closing

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.extract_pdf import Place
from rag.pages import Word

DEVICE = 1_000_000  #: units of the page's width and height in which pdfium is asked for places
SPAN = 1_000  #: points between the places it is asked for
MAX_CHARACTERS = 50_000  #: of a page; a longer text layer is no page's
Matrix = tuple[float, float, float, float, float, float]  #: x = a x + c y + e, y = b x + d y + f


def read_words(page: pdfium.PdfPage, places: Sequence[Place]) -> tuple[list[Word], list[tuple[int, float]]]:
    """The words in the order of the page's content, and of each paragraph its start and its distance from the top.

    Places are in parts of the shown page's width and height, from its upper left corner; the page's own rotation and
    crop are followed.
    """
    matrix = _shown(page)
    with closing(page.get_textpage()) as textpage:
        words = list(_words(textpage, matrix))
    tops = [(place.start, _point(matrix, place.left, place.baseline)[1]) for place in places]
    return words, tops


def _shown(page: pdfium.PdfPage) -> Matrix:
    """The matrix from the page's points to parts of it as it is shown."""
    corners = []
    for x, y in ((0, 0), (SPAN, 0), (0, SPAN)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, DEVICE, DEVICE, 0, x, y, across, down)
        corners.append((across.value / DEVICE, down.value / DEVICE))
    (e, f), (right_x, right_y), (up_x, up_y) = corners
    return (right_x - e) / SPAN, (right_y - f) / SPAN, (up_x - e) / SPAN, (up_y - f) / SPAN, e, f


def _point(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _words(textpage: pdfium.PdfTextPage, matrix: Matrix) -> Iterator[Word]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    text, box = "", (1.0, 1.0, 0.0, 0.0)
    for index in range(min(textpage.count_chars(), MAX_CHARACTERS)):
        character = chr(pdfium_c.FPDFText_GetUnicode(textpage.raw, index))
        if character.isspace() or not character.isprintable():
            if text:
                yield Word(text, *box)
            text, box = "", (1.0, 1.0, 0.0, 0.0)
            continue
        pdfium_c.FPDFText_GetCharBox(textpage.raw, index, left, right, bottom, top)
        corners = (_point(matrix, left.value, bottom.value), _point(matrix, right.value, top.value))
        xs, ys = [box[0], box[2]] if text else [], [box[1], box[3]] if text else []
        xs += [min(max(x, 0.0), 1.0) for x, _ in corners]
        ys += [min(max(y, 0.0), 1.0) for _, y in corners]
        text, box = text + character, (min(xs), min(ys), max(xs), max(ys))
    if text:
        yield Word(text, *box)
