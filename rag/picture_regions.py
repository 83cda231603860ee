"""Regions of a PDF page: boxes, where drawn paths stand close together, and which boxes are one picture. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
CELL = 8.0  #: points; boxes in neighbouring cells are of one drawing
NEAR = 5.0  #: points by which boxes are enlarged before that
MAX_CELLS = 400  #: cells a side; a larger page has larger cells
BACKDROP = 0.6  #: a box over more of the page than this is its background or frame, and joins nothing


@dataclass(frozen=True)
class Box:
    """A rectangle in points from the page's lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Its width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height."""
        return self.top - self.bottom

    @property
    def area(self) -> float:
        """Its area; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    def within(self, other: "Box") -> "Box":
        """The part of it that lies in another."""
        return Box(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def grown(self, points: float) -> "Box":
        """The box with this much more at each side."""
        return Box(self.left - points, self.bottom - points, self.right + points, self.top + points)

    def under(self, matrix: Matrix) -> "Box":
        """The box around it once it is transformed."""
        if matrix == IDENTITY:  # of nearly all paths
            return self
        a, b, c, d, e, f = matrix
        corners = [(x, y) for x in (self.left, self.right) for y in (self.bottom, self.top)]
        return around([Box(*(point := (a * x + c * y + e, b * x + d * y + f)), *point) for x, y in corners])


UNIT = Box(0, 0, 1, 1)  #: what an image covers before its matrix is applied


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    return Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )


def times(inner: Matrix, outer: Matrix) -> Matrix:
    """The matrix that applies ``inner`` first, then ``outer`` (PDF 32000-1, 8.3.4)."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def clusters(boxes: Sequence[Box], page: Box) -> list[list[int]]:
    """Indices of the boxes that stand close together, a list for each drawing; backdrops are in none."""
    cell = max(CELL, page.width / MAX_CELLS, page.height / MAX_CELLS)
    columns, rows = int(page.width / cell) + 1, int(page.height / cell) + 1
    occupied = np.zeros((rows, columns), dtype=np.bool_)
    places = {}
    for index, box in enumerate(boxes):
        outside = box.right < page.left or box.left > page.right or box.top < page.bottom or box.bottom > page.top
        if outside or box.within(page).area > BACKDROP * page.area:
            continue
        top, bottom = int((box.top + NEAR - page.bottom) / cell), int((box.bottom - NEAR - page.bottom) / cell)
        right, left = int((box.right + NEAR - page.left) / cell), int((box.left - NEAR - page.left) / cell)
        bottom, left = max(bottom, 0), max(left, 0)
        occupied[bottom : top + 1, left : right + 1] = True
        places[index] = (bottom, left)
    labels = _components(occupied)
    found: dict[int, list[int]] = {}
    for index, place in places.items():
        found.setdefault(int(labels[place]), []).append(index)
    return list(found.values())


def _components(occupied: NDArray[np.bool_]) -> NDArray[np.int32]:
    """(rows, columns): the same number for cells that hang together by their sides, 0 where nothing is."""
    padded = np.pad(occupied, 1)  # so that a cell at the edge has no neighbour in the next row
    width = padded.shape[1]
    labels = np.zeros(padded.size, dtype=np.int32)
    left = set(np.flatnonzero(padded).tolist())
    number = 0
    while left:
        number += 1
        start = left.pop()
        waiting, together = [start], [start]
        while waiting:
            cell = waiting.pop()
            for near in (cell - 1, cell + 1, cell - width, cell + width):
                if near in left:
                    left.remove(near)
                    waiting.append(near)
                    together.append(near)
        labels[together] = number
    return labels.reshape(padded.shape)[1:-1, 1:-1]


def tiles(boxes: Sequence[Box], slack: float = 1.5) -> list[list[int]]:
    """Indices of boxes that touch along a whole side: slices of one picture; a box for itself is a list of one."""
    groups: list[list[int]] = []
    for index, box in enumerate(boxes):
        touching = [group for group in groups if any(_adjoin(boxes[other], box, slack) for other in group)]
        merged = [other for group in touching for other in group] + [index]
        groups = [group for group in groups if group not in touching] + [merged]
    return groups


def _adjoin(one: Box, other: Box, slack: float) -> bool:
    same_width = abs(one.left - other.left) <= slack and abs(one.right - other.right) <= slack
    same_height = abs(one.bottom - other.bottom) <= slack and abs(one.top - other.top) <= slack
    stacked = min(abs(one.bottom - other.top), abs(other.bottom - one.top)) <= slack
    abreast = min(abs(one.left - other.right), abs(other.left - one.right)) <= slack
    return (same_width and stacked) or (same_height and abreast)
