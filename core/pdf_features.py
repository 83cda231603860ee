"""What is on a PDF's pages, measured by pypdfium2 without rendering: the input of routing."""

import ctypes
import math
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.errors import DocumentError
from core.routing import PageFeatures

GRID = 32  #: image coverage is counted on a grid of GRID x GRID cells, so that overlaps count once
MAX_OBJECTS = 20_000  #: page objects looked at; a page of more is a drawing whatever follows
MAX_DEPTH = 8  #: nesting of form objects followed

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def open_pdf(file: BinaryIO) -> pdfium.PdfDocument:
    """Open a PDF; raises DocumentError when it needs a password or cannot be read at all."""
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise DocumentError("encrypted", "The PDF is protected by a password; upload it without one.") from error
        raise DocumentError("corrupt", "The file is not a readable PDF.") from error
    if len(document) == 0:
        document.close()
        raise DocumentError("corrupt", "The PDF has no pages.")
    return document


def features(document: pdfium.PdfDocument, pages: Sequence[int]) -> Iterator[PageFeatures]:
    """The features of the pages with these numbers (from 1); a page that cannot be loaded is left out."""
    for number in pages:
        try:
            page = document[number - 1]
        except pdfium.PdfiumError:
            continue
        try:
            yield _page_features(page, number)
        finally:
            page.close()


def _page_features(page: pdfium.PdfPage, number: int) -> PageFeatures:
    width, height = page.get_size()
    walk = _Walk(page.get_bbox())
    walk.objects(pdfium_c.FPDFPage_GetObject, page.raw, pdfium_c.FPDFPage_CountObjects(page.raw), IDENTITY, 0)
    return PageFeatures(
        page=number,
        characters=_visible_characters(page) if walk.has_text else 0,
        image_coverage=sum(walk.cells) / len(walk.cells),
        paths=walk.paths,
        width=width,
        height=height,
    )


def _visible_characters(page: pdfium.PdfPage) -> int:
    textpage = page.get_textpage()
    try:
        return len("".join(textpage.get_text_range().split()))
    finally:
        textpage.close()


class _Walk:
    """One pass over the objects of a page, forms included, counting paths and marking what images cover."""

    def __init__(self, box: tuple[float, float, float, float]) -> None:
        self.left, self.bottom, right, top = box
        self.cell_width = max(right - self.left, 1e-6) / GRID
        self.cell_height = max(top - self.bottom, 1e-6) / GRID
        self.cells = bytearray(GRID * GRID)  # (GRID, GRID) of 0 or 1
        self.paths = 0
        self.has_text = False
        self._seen = 0

    def objects(self, get: object, container: object, count: int, matrix: Matrix, depth: int) -> None:
        for index in range(count):
            self._seen += 1
            if self._seen > MAX_OBJECTS:
                return
            item = get(container, index)  # type: ignore[operator]
            kind = pdfium_c.FPDFPageObj_GetType(item)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                self.has_text = True
            elif kind in {pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING}:
                self.paths += 1
            elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
                self._mark(_times(_matrix_of(item), matrix))
            elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
                inner = pdfium_c.FPDFFormObj_CountObjects(item)
                self.objects(pdfium_c.FPDFFormObj_GetObject, item, inner, _times(_matrix_of(item), matrix), depth + 1)

    def _mark(self, matrix: Matrix) -> None:
        # An image is the unit square under its matrix; its bounding box is exact unless it is rotated.
        a, b, c, d, e, f = matrix
        columns = _span((e, e + a, e + c, e + a + c), self.left, self.cell_width)
        rows = _span((f, f + b, f + d, f + b + d), self.bottom, self.cell_height)
        for row in rows:
            for column in columns:
                self.cells[row * GRID + column] = 1


def _span(corners: Sequence[float], origin: float, cell: float) -> range:
    """The cells whose middle lies between the smallest and the largest corner."""
    low = (min(corners) - origin) / cell
    high = (max(corners) - origin) / cell
    if math.isnan(low) or math.isnan(high):  # a damaged matrix
        return range(0)
    return range(round(max(0.0, min(low, GRID))), round(max(0.0, min(high, GRID))))


def _matrix_of(item: object) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)):
        return IDENTITY
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    """The matrix that applies ``inner`` first, then ``outer`` (PDF 32000-1, 8.3.4)."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
