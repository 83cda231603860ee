"""Righting a picture of text: turning it so that its lines are level, and the way back for places on it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rag.ocr_words import Box

QUARTERS = (0, 90, 180, 270)  #: degrees by which a page may lie
LARGEST_SKEW = 10.0  #: degrees that are looked for on either side
LEAST_SKEW = 0.8  #: degrees from which turning helps: tesseract copes with less, and turning blurs
COARSE, FINE = 0.5, 0.1  #: steps of the search, degrees
CLEARER = 1.5  #: lines are told from gaps so much better on the turned picture, or it stays as it is
PROFILE_EDGE = 1000  #: pixels of the longer side of the picture on which skew is measured
MOST_INK = 60_000  #: dark pixels that are looked at
LEAST_INK = 500


@dataclass(frozen=True)
class Turned:
    """A picture turned counter-clockwise about its middle, on a canvas that holds all of it."""

    image: Image.Image
    degrees: float
    size: tuple[int, int]  #: width and height before

    def place(self, box: Box) -> Box:
        """A box of pixels on the turned picture as parts of the width and height of the one before.

        Of a box that lies askew there, the upright one around it.
        """
        width, height = self.size
        cosine, sine = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        xs, ys = [], []
        for x in (box[0] - self.image.width / 2, box[2] - self.image.width / 2):
            for y in (box[1] - self.image.height / 2, box[3] - self.image.height / 2):
                xs.append((x * cosine - y * sine) / width + 0.5)
                ys.append((x * sine + y * cosine) / height + 0.5)
        left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (min(xs), min(ys), max(xs), max(ys)))
        return left, top, right, bottom


def turned(image: Image.Image, degrees: float) -> Turned:
    """A grey picture turned counter-clockwise; what comes into view at the corners has the colour of its ground."""
    if degrees % 90 == 0:
        return Turned(image.rotate(degrees, expand=True), degrees, image.size)
    ground = int(np.median(np.asarray(image.reduce(max(1, max(image.size) // PROFILE_EDGE)))))
    turn = image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)
    return Turned(turn, degrees, image.size)


def skew(image: Image.Image) -> float:
    """The degrees, counter-clockwise, by which a grey picture is to be turned for its lines to be level.

    0 where that would not help: no lines, or lines nearly level. The angle is the one at which the rows' darkness
    differs most between neighbours (projection profile).
    """
    rows, columns = _ink(image)  # (n,) each
    if len(rows) < LEAST_INK:
        return 0.0
    coarse = np.arange(-LARGEST_SKEW, LARGEST_SKEW + COARSE / 2, COARSE)
    best = max(coarse, key=lambda degrees: _sharpness(rows, columns, degrees))
    fine = np.arange(best - COARSE, best + COARSE + FINE / 2, FINE)
    best = max(fine, key=lambda degrees: _sharpness(rows, columns, degrees))
    if not LEAST_SKEW <= abs(best) <= LARGEST_SKEW - COARSE:  # at the border there is no peak
        return 0.0
    clearer = _sharpness(rows, columns, best) >= CLEARER * _sharpness(rows, columns, 0.0)
    return round(float(best), 1) if clearer else 0.0


def _ink(image: Image.Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of the pixels that stand out from the ground, at most MOST_INK of them, evenly chosen."""
    small = np.asarray(image.reduce(max(1, max(image.size) // PROFILE_EDGE)), dtype=np.int16)  # (h, w)
    away = np.abs(small - int(np.median(small)))  # light text on dark ground as well
    rows, columns = np.nonzero(away > max(48, int(away.max()) // 2))  # (n,) each
    step = 1 + len(rows) // MOST_INK
    return rows[::step].astype(np.float64), columns[::step].astype(np.float64)


def _sharpness(rows: NDArray[np.float64], columns: NDArray[np.float64], degrees: float) -> float:
    """How much the rows of the turned picture differ from their neighbours."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    heights = rows * cosine - columns * sine  # (n,)
    profile = np.bincount((heights - heights.min()).astype(np.int64))
    return float(np.square(np.diff(profile)).sum())
