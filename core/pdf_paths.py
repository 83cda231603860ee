"""What a drawn path of a PDF is: a rule, a box, or part of a drawing."""

import ctypes
from enum import Enum

import pypdfium2.raw as pdfium_c

THIN = 0.005  #: of the page's shorter side: thinner is a rule, an underline, the border of a table
BACKGROUND = 0.7  #: share of the page from which a plain path is its background
MAX_SEGMENTS = 24  #: looked at; a path of more segments is no box
SLANT = 0.05  #: rise over run from which a line is neither horizontal nor vertical
BOX_SIDES = 3  #: straight sides that a box with round corners has at least


class Shape(Enum):
    """What a path may be."""

    NOTHING = "nothing"  #: a background, or not painted at all
    RULE = "rule"
    BOX = "box"  #: a rectangle, its corners round or not, or a combination of level and upright lines
    DRAWING = "drawing"  #: curved or slanting


def shape(path: object, thickness: float, area: float) -> Shape:
    """The shape of a path or a shading.

    ``thickness`` is the shorter side of its bounding box as a share of the page's shorter side, ``area`` that of the
    bounding box as a share of the page.
    """
    if thickness < THIN:
        return Shape.RULE
    if pdfium_c.FPDFPageObj_GetType(path) == pdfium_c.FPDF_PAGEOBJ_SHADING:
        return Shape.NOTHING if area >= BACKGROUND else Shape.BOX
    if not _is_painted(path):
        return Shape.NOTHING
    count = pdfium_c.FPDFPath_CountSegments(path)
    is_drawing = _is_drawing(path, count)
    if area >= BACKGROUND and not (is_drawing and count > MAX_SEGMENTS):
        return Shape.NOTHING
    return Shape.DRAWING if is_drawing else Shape.BOX


def _is_painted(path: object) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    known = pdfium_c.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
    return not known or bool(fill.value or stroke.value)


def _is_drawing(path: object, count: int) -> bool:
    """Whether a path slants or curves, but for the round corners of a box."""
    curves = straight = 0
    x, y = ctypes.c_float(), ctypes.c_float()
    x_reference, y_reference = ctypes.byref(x), ctypes.byref(y)
    last = (0.0, 0.0)
    for index in range(min(count, MAX_SEGMENTS)):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, index)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x_reference, y_reference)
        here = (x.value, y.value)
        if kind == pdfium_c.FPDF_SEGMENT_LINETO:
            run, rise = sorted((abs(here[0] - last[0]), abs(here[1] - last[1])), reverse=True)
            if rise > SLANT * run:
                return True
            straight += run > 0
        curves += kind == pdfium_c.FPDF_SEGMENT_BEZIERTO
        last = here
    return curves > 0 and (straight < BOX_SIDES or count > MAX_SEGMENTS)
