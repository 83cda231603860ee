"""Measure: what the pixels of a picture show, in numbers that tell charts from photographs from ornaments. Pure."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rag.picture_candidates import Measures

EDGE = 512  #: pixels of the longer side at which pictures are measured; smaller ones as they are
STEP = 32  #: difference of grey between neighbours (0 to 255) from which there is an edge
FLAT_STEP = 3  #: difference up to which neighbours count as equal: JPEG never keeps them quite so
SATURATED = 56  #: difference between the largest and the smallest of red, green and blue
FRAME = 0.01  #: share of the width and height at each side that may be a frame
RULE = 0.35  #: share of the width or height that a line must run along
INK = 48  #: difference from the background's grey
LEAST_INK = 0.02  #: share of a row or column; less is the frame that runs through all of them
LEAST_SPOT = 6  #: pixels of a spot; less is noise
MAX_RUNS = 40_000  #: runs of ink that are joined to spots; grain has more
WIDE_GAP = 0.03  #: between columns, as a share of the width
COVERED = 0.9  #: of the pixels, by the colours that are counted
BLOCK = (8, 32)  #: rows and columns of the blocks that are looked at for letters
LETTER_CHANGES = (0.08, 0.6)  #: share of a block's pixels at which the grey jumps along a row of letters

Grey = NDArray[np.int16]  # (rows, columns)


def measure(image: Image.Image, size: tuple[int, int]) -> Measures:
    """The measures of a picture in RGB that has ``size`` pixels in its file."""
    small = image.copy()
    small.thumbnail((EDGE, EDGE), Image.Resampling.BOX)
    pixels = np.asarray(small.convert("RGB"))  # (h, w, 3) uint8
    grey = np.asarray(small.convert("L")).astype(np.int16)  # (h, w)
    across = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))  # (h, w)
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))  # (h, w)
    steps = np.maximum(across, down)  # (h, w)
    colours, main_colour = _colours(pixels)
    return Measures(
        width=size[0],
        height=size[1],
        entropy=round(_entropy(grey), 3),
        edges=_share(steps >= STEP),
        flat=_share(steps <= FLAT_STEP),
        colours=colours,
        main_colour=main_colour,
        saturated=_share(np.ptp(pixels, axis=2) >= SATURATED),
        rules=_rules(_inner(down) >= STEP) + (upright := _rules((_inner(across) >= STEP).T)),
        bands=_bands(ink := _ink(grey)),
        columns=max(_columns(ink), upright - 1, 1),
        parts=_parts(ink),
        text=_letters(grey, across >= STEP),
        fingerprint=fingerprint(image),
    )


def fingerprint(image: Image.Image) -> int:
    """64 bits: whether each of 8 x 8 fields is lighter than its right neighbour."""
    fields = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX)).astype(np.int16)  # (8, 9)
    bits = fields[:, :-1] > fields[:, 1:]  # (8, 8)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _share(mask: NDArray[np.bool_]) -> float:
    return round(float(mask.mean()), 4)


def _entropy(grey: Grey) -> float:
    """Shannon's entropy of the grey values, in bits."""
    counts = np.bincount(grey.ravel(), minlength=256)
    shares = counts[counts > 0] / grey.size
    return float(-(shares * np.log2(shares)).sum())


def _colours(pixels: NDArray[np.uint8]) -> tuple[int, float]:
    """How many colours, at 4 bits a channel, cover most of the picture, and the share of the most frequent one."""
    coarse = (pixels >> 4).astype(np.int32)  # (h, w, 3)
    counts = np.sort(np.bincount((coarse[..., 0] << 8 | coarse[..., 1] << 4 | coarse[..., 2]).ravel()))[::-1]
    shares = np.cumsum(counts) / counts.sum()
    return int(np.searchsorted(shares, COVERED)) + 1, round(float(shares[0]), 4)


def _inner(values: Grey) -> Grey:
    """Without the outermost pixels: the picture's own frame is no line in it."""
    rows, columns = (max(2, round(FRAME * length)) for length in values.shape)
    return values[rows:-rows, columns:-columns]


def _rules(edges: NDArray[np.bool_]) -> int:
    """The number of straight lines along the rows; the two edges of one stroke count once."""
    if edges.shape[1] < 16:
        return 0
    lines = edges.mean(axis=1) >= RULE  # (rows,)
    near = lines.copy()
    for distance in (1, 2, 3):
        near[distance:] |= lines[:-distance]
    return int(near[0]) + int(np.count_nonzero(near[1:] & ~near[:-1]))


def _ink(grey: Grey) -> NDArray[np.bool_]:
    """(h, w): where the grey is clearly not the background's."""
    background = int(np.bincount(grey.ravel(), minlength=256).argmax())
    return np.asarray(np.abs(grey - background) >= INK)


def _bands(ink: NDArray[np.bool_]) -> int:
    """How often, from above to below, ink begins again after an empty row."""
    inked = ink.mean(axis=1) >= LEAST_INK  # (h,)
    return int(inked[0]) + int(np.count_nonzero(inked[1:] & ~inked[:-1]))


def _columns(ink: NDArray[np.bool_]) -> int:
    """The number of columns of ink with wide gaps between them."""
    inked = np.flatnonzero(ink.mean(axis=0) >= LEAST_INK)  # (n,): positions
    gap = max(4, round(WIDE_GAP * ink.shape[1]))
    return 1 + int(np.count_nonzero(np.diff(inked) > gap)) if len(inked) else 0


def _parts(ink: NDArray[np.bool_]) -> int:
    """The number of separate spots: runs of ink along the rows, joined where they touch those of the row before."""
    padded = np.pad(ink, ((0, 0), (1, 1))).astype(np.int8)  # (h, w + 2)
    rows, places = np.nonzero(np.diff(padded, axis=1))  # two a run: its start and its end
    starts, ends = places[::2], places[1::2]
    bounds = np.searchsorted(rows[::2], np.arange(ink.shape[0] + 1))  # where each row's runs begin
    parents = list(range(min(len(starts), MAX_RUNS)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = run = parents[parents[run]]
        return run

    sizes = (ends - starts).tolist()
    starts, ends, bounds = starts.tolist(), ends.tolist(), bounds.tolist()
    for row in range(1, ink.shape[0]):
        above, last = bounds[row - 1], bounds[row]
        for run in range(bounds[row], min(bounds[row + 1], len(parents))):
            while above < last and ends[above] <= starts[run]:
                above += 1
            other = above
            while other < last and starts[other] < ends[run]:
                parents[root(run)] = root(other)
                other += 1
    areas = Counter[int]()
    for run in range(len(parents)):
        areas[root(run)] += sizes[run]
    return sum(area >= LEAST_SPOT for area in areas.values())


def _letters(grey: Grey, jumps: NDArray[np.bool_]) -> float:
    """The share of blocks in which the grey jumps as often as in a line of letters, and over most of their rows."""
    rows, columns = grey.shape[0] // BLOCK[0], grey.shape[1] // BLOCK[1]
    if not rows or not columns:
        return 0.0
    shape = (rows, BLOCK[0], columns, BLOCK[1])
    blocks = jumps[: rows * BLOCK[0], : columns * BLOCK[1]].reshape(shape)
    changes = blocks.mean(axis=(1, 3))  # (rows, columns)
    busy_rows = (blocks.sum(axis=3) >= 3).mean(axis=1)  # (rows, columns)
    return _share((changes >= LETTER_CHANGES[0]) & (changes <= LETTER_CHANGES[1]) & (busy_rows >= 0.4))
