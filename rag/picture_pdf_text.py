"""The text around the pictures of a PDF page: what is a label, what is prose, which lines and caption stand nearest."""

from collections.abc import Sequence
from functools import cached_property

import pypdfium2 as pdfium

from rag.pdf_lines import Line, read_lines
from rag.picture_nearby import Caption, caption_of
from rag.picture_regions import Box

FULL_LINE = 0.6  #: a line of text this long, as a share of a region's width, is no label
PROSE = 40  #: letters of such a line; labels side by side come as one line as well
ANCHORS = 3  #: lines before and after a picture that are kept
NEAR_CAPTION = 60.0  #: points between a picture and its caption


class Surroundings:
    """The text of a page, by place."""

    def __init__(self, page: pdfium.PdfPage, sheet: Box) -> None:
        self.page = page
        self._sheet = sheet
        self._text = page.get_textpage()

    @cached_property
    def _lines(self) -> list[Line]:
        """The lines from above to below."""
        return sorted(read_lines(self.page), key=lambda line: -line.baseline)

    def close(self) -> None:
        """Free what pdfium holds of the text."""
        self._text.close()

    def characters(self, box: Box) -> int:
        """How many visible characters lie in a box."""
        return len("".join(self._text.get_text_bounded(box.left, box.bottom, box.right, box.top).split()))

    def has_prose(self, box: Box) -> bool:
        """Whether lines of running text fill a box, as in a frame around a remark."""
        inside = [line for line in self._lines if box.left <= line.left and line.right <= box.right]
        inside = [line for line in inside if box.bottom <= line.baseline <= box.top]
        long = sum(line.right - line.left >= FULL_LINE * box.width and _letters(line) >= PROSE for line in inside)
        return long >= 2 or 3 * long > len(inside)

    def above(self, box: Box) -> tuple[str, ...]:
        """The lines before a box, the nearest first: those over it in its own column before others."""
        lines = [line for line in reversed(self._lines) if line.baseline >= box.top - line.size / 2]
        return _nearest(lines, box)

    def below(self, box: Box) -> tuple[str, ...]:
        """The lines after a box, the nearest first."""
        return _nearest([line for line in self._lines if line.baseline + line.size / 2 <= box.bottom], box)

    def caption(self, box: Box) -> str:
        """The line that names the picture as a figure or table; those right at it before others."""
        found: list[tuple[float, Caption]] = []
        for line in self._lines:
            gap = max(line.baseline - box.top, box.bottom - line.baseline - line.size, 0.0)
            if gap <= NEAR_CAPTION and _overlaps(line, box) and (caption := caption_of(line.text)):
                found.append((gap, caption))
        return min(found, key=lambda item: (not item[1].begins, item[0]))[1].text if found else ""


def _letters(line: Line) -> int:
    """The length of a line in Latin letters; an East Asian character counts as two."""
    return sum(2 if character >= "\u1100" else 1 for character in line.text)


def _nearest(lines: Sequence[Line], box: Box) -> tuple[str, ...]:
    ordered = sorted(lines, key=lambda line: not _overlaps(line, box))  # stable: near before far within each half
    return tuple(line.text for line in ordered[:ANCHORS])


def _overlaps(line: Line, box: Box) -> bool:
    return line.left < box.right and line.right > box.left
