"""A page as a grid of cells: how much of it things cover, overlaps counted once. Pure."""

import math

GRID = 32  #: cells across and cells down

_COLUMNS = [(1 << count) - 1 for count in range(GRID + 1)]  # the first so many cells of a row

Box = tuple[float, float, float, float]  #: left, bottom, right, top; points


class Grid:
    """The cells of a page that something covers; what lies outside the page does not count."""

    def __init__(self, page: Box) -> None:
        self._left, self._bottom = page[0], page[1]
        self._across = GRID / max(page[2] - page[0], 1e-6)  # cells a point
        self._down = GRID / max(page[3] - page[1], 1e-6)
        self._page = page
        self._rows = [0] * GRID  # (GRID,), one bit a column

    def mark(self, box: Box) -> None:
        """Cover the cells that the box touches: right for things that are small or thin."""
        left, bottom, right, top = self._in_cells(box)
        if left <= GRID and right >= 0 and bottom <= GRID and top >= 0:  # on the page; damaged numbers are nowhere
            columns = _COLUMNS[_cell(right) + 1] & ~_COLUMNS[_cell(left)]
            for row in range(_cell(bottom), _cell(top) + 1):
                self._rows[row] |= columns

    def mark_rounded(self, box: Box) -> None:
        """Cover the cells whose middle the box covers: right for areas."""
        cells = self._in_cells(box)
        if any(map(math.isnan, cells)):
            return
        left, bottom, right, top = (round(max(0.0, min(value, GRID))) for value in cells)
        columns = _COLUMNS[right] & ~_COLUMNS[left]
        for row in range(bottom, top):
            self._rows[row] |= columns

    def share(self) -> float:
        """The share of the page that is covered, 0 to 1."""
        return sum(row.bit_count() for row in self._rows) / (GRID * GRID)

    def union(self, other: "Grid") -> "Grid":
        """What this or the other one covers."""
        return self._with([mine | theirs for mine, theirs in zip(self._rows, other._rows, strict=True)])

    def without(self, other: "Grid") -> "Grid":
        """What this one covers and the other does not."""
        return self._with([mine & ~theirs for mine, theirs in zip(self._rows, other._rows, strict=True)])

    def _with(self, rows: list[int]) -> "Grid":
        grid = Grid(self._page)
        grid._rows = rows
        return grid

    def _in_cells(self, box: Box) -> Box:
        left, bottom, right, top = box
        return (
            (left - self._left) * self._across,
            (bottom - self._bottom) * self._down,
            (right - self._left) * self._across,
            (top - self._bottom) * self._down,
        )


def _cell(value: float) -> int:
    """The number of the cell, the first or the last for a place beyond them."""
    if value <= 0:
        return 0
    return int(value) if value < GRID else GRID - 1
