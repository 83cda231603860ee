"""What is on a PDF's pages, measured by pypdfium2 without rendering: the input of routing."""

import ctypes
import re
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core import pdf_paths
from core.errors import DocumentError
from core.page_grid import Box, Grid
from core.pdf_paths import Shape
from core.routing import FULL_PAGE_IMAGE, PageFeatures

MAX_OBJECTS = 20_000  #: page objects looked at; a page of more is a drawing whatever follows
MAX_SHAPES = 2_000  #: paths whose form is looked at; those that follow are only counted
MAX_TEXTS = 1_000  #: text objects whose place is looked at
MAX_DEPTH = 8  #: nesting of form objects followed

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

#: Glyphs that their font gives no meaning: without one, of private use, or control characters
_MEANINGLESS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_SPACE = re.compile(r"[\s\ufffe]+")  # pdfium writes U+FFFE for a hyphen at the end of a line


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
            with closing(document[number - 1]) as page:
                measured = _page_features(page, number)
        except pdfium.PdfiumError:
            continue
        yield measured


def _page_features(page: pdfium.PdfPage, number: int) -> PageFeatures:
    width, height = page.get_size()
    walk = _Walk(page.get_bbox())
    walk.objects(pdfium_c.FPDFPage_GetObject, page.raw, pdfium_c.FPDFPage_CountObjects(page.raw), IDENTITY, 0)
    characters, meaningless = _characters(page) if walk.texts else (0, 0)
    return PageFeatures(
        page=number,
        characters=characters,
        meaningless=meaningless,
        hidden_text=walk.hidden / walk.texts if walk.texts else 0.0,
        letter_height=statistics.median(walk.letters) / walk.shorter_side if walk.letters else 0.0,
        text_coverage=walk.text.share(),
        image_coverage=walk.images.share(),
        picture_coverage=walk.images.union(walk.drawn).share(),
        box_coverage=walk.boxes.without(walk.text).share(),
        paths=walk.paths,
        drawings=walk.drawings,
        width=width,
        height=height,
    )


def _characters(page: pdfium.PdfPage) -> tuple[int, int]:
    """How many visible characters of the text layer say something, and how many do not."""
    textpage = page.get_textpage()
    try:
        visible = _SPACE.sub("", textpage.get_text_range())
    finally:
        textpage.close()
    saying = _MEANINGLESS.sub("", visible)
    return len(saying), len(visible) - len(saying)


class _Walk:
    """One pass over the objects of a page, forms included: what they are, and what they cover."""

    def __init__(self, page_box: Box) -> None:
        self.text = Grid(page_box)
        self.images = Grid(page_box)
        self.drawn = Grid(page_box)  #: under paths that are neither rules nor boxes
        self.boxes = Grid(page_box)  #: under rectangles, backgrounds of the page left out
        self.texts = 0  #: text objects
        self.hidden = 0  #: those that are drawn invisibly, or before a picture that fills the page
        self.letters: list[float] = []  #: the heights of text objects, points
        self.paths = 0
        self.drawings = 0  #: paths that are neither rules nor boxes
        self.shorter_side = max(min(page_box[2] - page_box[0], page_box[3] - page_box[1]), 1e-6)
        self._page_area = self.shorter_side * max(page_box[2] - page_box[0], page_box[3] - page_box[1], 1e-6)
        self._filled = False  # by pictures
        self._seen = 0
        self._bounds = tuple(ctypes.c_float() for _ in range(4))
        self._references = tuple(map(ctypes.byref, self._bounds))

    def objects(self, get: object, container: object, count: int, matrix: Matrix, depth: int) -> None:
        for index in range(count):
            self._seen += 1
            if self._seen > MAX_OBJECTS:
                return
            item = get(container, index)  # type: ignore[operator]
            kind = pdfium_c.FPDFPageObj_GetType(item)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                self._add_text(item, matrix)
            elif kind in {pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING}:
                self._add_path(item, matrix)
            elif kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
                self._add_image(item, matrix)
            elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
                inner = pdfium_c.FPDFFormObj_CountObjects(item)
                self.objects(pdfium_c.FPDFFormObj_GetObject, item, inner, _times(_matrix_of(item), matrix), depth + 1)

    def _add_text(self, item: object, matrix: Matrix) -> None:
        self.texts += 1
        self.hidden += pdfium_c.FPDFTextObj_GetTextRenderMode(item) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
        box = self._box(item, matrix) if self.texts <= MAX_TEXTS else None
        if box is None:
            return
        self.text.mark(box)
        height = min(box[2] - box[0], box[3] - box[1])  # the text may run upwards
        if height > 0:
            self.letters.append(height)

    def _add_image(self, item: object, matrix: Matrix) -> None:
        box = self._box(item, matrix)
        if box is None:
            return
        self.images.mark_rounded(box)
        if not self._filled and self.images.share() >= FULL_PAGE_IMAGE:
            self._filled = True
            self.hidden = self.texts

    def _add_path(self, item: object, matrix: Matrix) -> None:
        self.paths += 1
        box = self._box(item, matrix) if self.paths <= MAX_SHAPES else None
        if box is None:
            return
        width, height = box[2] - box[0], box[3] - box[1]
        shape = pdf_paths.shape(item, min(width, height) / self.shorter_side, width * height / self._page_area)
        if shape is Shape.BOX:
            self.boxes.mark_rounded(box)
        elif shape is Shape.DRAWING:
            self.drawings += 1
            self.drawn.mark(box)

    def _box(self, item: object, matrix: Matrix) -> Box | None:
        """The bounding box on the page; none if the object has no place."""
        if not pdfium_c.FPDFPageObj_GetBounds(item, *self._references):
            return None
        left, bottom, right, top = (bound.value for bound in self._bounds)
        if matrix is not IDENTITY:
            a, b, c, d, e, f = matrix
            corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
            left, right = min(x for x, _ in corners), max(x for x, _ in corners)
            bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        return left, bottom, right, top


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
