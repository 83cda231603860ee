"""What is drawn on a PDF page: its images and paths with their boxes, those inside forms included."""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.picture_files import MAX_BYTES, digest
from rag.picture_regions import IDENTITY, UNIT, Box, Matrix, times

MAX_OBJECTS = 30_000  #: page objects looked at
MAX_DEPTH = 8  #: nesting of form objects followed
MAX_SEGMENTS = 40  #: of a path that are looked at for whether it is slanted
STRAIGHT = 0.5  #: points by which a line may lean and still be horizontal or vertical


@dataclass(frozen=True)
class Image:
    """An image as placed on the page."""

    box: Box
    size: tuple[int, int]  #: in pixels
    hash: str


@dataclass(frozen=True)
class Path:
    """A drawn path, or a shaded area."""

    box: Box
    segments: int
    handle: Any  #: pdfium's, valid while the page is open


def drawn(page: pdfium.PdfPage) -> tuple[list[Image], list[Path]]:
    """The images and the paths of a page that is not rotated."""
    images: list[Image] = []
    paths: list[Path] = []
    for item, kind, matrix in islice(_objects(page.raw, None, IDENTITY, 0), MAX_OBJECTS):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = UNIT.under(times(_matrix_of(item), matrix))
            if not math.isnan(box.area):
                images.append(Image(box, *_identity(item)))
        elif kind != pdfium_c.FPDF_PAGEOBJ_TEXT:
            box = _bounds(item).under(matrix)
            if not math.isnan(box.area):
                segments = pdfium_c.FPDFPath_CountSegments(item) if kind == pdfium_c.FPDF_PAGEOBJ_PATH else 1
                paths.append(Path(box, segments, item))
    return images, paths


def _objects(page: Any, form: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, int, Matrix]]:
    """The objects that are no forms, each with its kind and the matrix of the forms around it."""
    count = pdfium_c.FPDFPage_CountObjects(page) if form is None else pdfium_c.FPDFFormObj_CountObjects(form)
    for index in range(count):
        item = pdfium_c.FPDFPage_GetObject(page, index) if form is None else pdfium_c.FPDFFormObj_GetObject(form, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind != pdfium_c.FPDF_PAGEOBJ_FORM:
            yield item, kind, matrix
        elif depth < MAX_DEPTH:
            yield from _objects(page, item, times(_matrix_of(item), matrix), depth + 1)


def is_slanted(path: Path) -> bool:
    """Whether a path has a curve, or a line that is neither horizontal nor vertical."""
    before: tuple[float, float] = (0.0, 0.0)  # a path begins by a move
    for index in range(min(path.segments, MAX_SEGMENTS)):
        segment = pdfium_c.FPDFPath_GetPathSegment(path.handle, index)
        if not segment:  # a shaded area
            return False
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_BEZIERTO:
            return True
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        here = (x.value, y.value)
        is_line = kind == pdfium_c.FPDF_SEGMENT_LINETO
        if is_line and min(abs(here[0] - before[0]), abs(here[1] - before[1])) > STRAIGHT:
            return True
        before = here
    return False


def _identity(item: Any) -> tuple[tuple[int, int], str]:
    """An image's size in pixels, and a hash of its data as they are in the file."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(item, width, height)
    length = pdfium_c.FPDFImageObj_GetImageDataRaw(item, None, 0)
    data = b""
    if 0 < length <= MAX_BYTES:
        buffer = ctypes.create_string_buffer(length)
        pdfium_c.FPDFImageObj_GetImageDataRaw(item, buffer, length)
        data = buffer.raw
    return (width.value, height.value), digest(b"%d %d %d " % (width.value, height.value, length) + data)


def _bounds(item: Any) -> Box:
    """The box of a path as its form has it; empty if pdfium cannot tell."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return Box(left.value, bottom.value, right.value, top.value)


def _matrix_of(item: Any) -> Matrix:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)):
        return IDENTITY
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
