"""Units: the smallest pieces of text that chunks are made of, and how good it is to cut before each. Pure."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from rag.pages import Page, follow

PAGE_BREAK = "\f"  #: stands between page texts in a part's text


class Boundary(IntEnum):
    """How good a place before a unit is to cut at."""

    INSIDE = 0  #: within a sentence that is too long
    SENTENCE = 1
    LINE = 2
    PARAGRAPH = 3
    SECTION = 4
    PAGE = 5  #: of a page that stands for itself


@dataclass(frozen=True)
class Unit:
    """A run of characters of a part's text, from ``start`` to ``end``, without blanks around it."""

    start: int
    end: int
    boundary: Boundary  #: before it
    page: int
    path: tuple[str, ...]  #: headings in force, the highest first
    table: int = -1  #: number of the table it is a row of; -1: none


#: The end of a sentence, with what closes it, before blanks or after a CJK full stop
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\W\d_a-zß-öø-ÿ]|\d)|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|fig|no|dr|mr|mrs|ms|st|resp|approx|al|sec|eq|vol|pp?)|\b\w)\.$", re.I
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$")


def part_text(pages: Sequence[Page]) -> str:
    """The text that the offsets of units and chunks refer to."""
    return PAGE_BREAK.join(page.text for page in pages)


def units_of(pages: Sequence[Page]) -> Iterator[Unit]:
    """The units of a part in their order; together they hold every character that is not blank."""
    base = 0
    tables = _Tables()
    apart = False
    for page in pages:
        # What looks like headings on a slide are its title and captions: it is one section, under its title.
        headings = list(page.headings[:1] if page.apart else page.headings)
        path = page.path
        first = True
        for unit in _page_units(page, tables):
            boundary = Boundary.PARAGRAPH if first else unit.boundary
            while headings and headings[0].start <= unit.start:
                path = follow(path, headings.pop(0))
                boundary = Boundary.PARAGRAPH if page.apart else Boundary.SECTION
            if first and (apart or page.apart):
                boundary = Boundary.PAGE
            titles = tuple(heading.title for heading in path)
            yield replace(unit, start=base + unit.start, end=base + unit.end, boundary=boundary, path=titles)
            first = False
        apart = page.apart
        base += len(page.text) + len(PAGE_BREAK)


class _Tables:
    """Counts tables: rows in a row are one."""

    def __init__(self) -> None:
        self._number = -1
        self._inside = False

    def of(self, line: str) -> int:
        """The number of the table that a line belongs to, -1 for none."""
        row = bool(_TABLE_ROW.match(line))
        self._number += row and not self._inside
        self._inside = row
        return self._number if row else -1


def _page_units(page: Page, tables: _Tables) -> Iterator[Unit]:
    starts = sorted({0, *(heading.start for heading in page.headings)})
    bounds = [*starts, len(page.text)]
    for start, end in itertools.pairwise(bounds):
        position = start
        for paragraph in [*_PARAGRAPH.finditer(page.text, start, end), None]:
            stop = paragraph.start() if paragraph else end
            yield from _paragraph_units(page, position, stop, tables)
            position = paragraph.end() if paragraph else end


def _paragraph_units(page: Page, start: int, end: int, tables: _Tables) -> Iterator[Unit]:
    boundary = Boundary.PARAGRAPH
    position = start
    for line in page.text[start:end].split("\n"):
        table = tables.of(line)
        cuts = [0] if table >= 0 else [0, *_sentence_ends(line)]
        for first, last in zip(cuts, [*cuts[1:], len(line)], strict=True):
            piece = line[first:last]
            if piece.strip():
                begin = position + first + len(piece) - len(piece.lstrip())
                yield Unit(begin, begin + len(piece.strip()), boundary, page.number, (), table)
                boundary = Boundary.SENTENCE
        boundary = max(boundary, Boundary.LINE)
        position += len(line) + 1


def _sentence_ends(line: str) -> list[int]:
    ends = [match.end() for match in _SENTENCE_END.finditer(line)]
    return [end for end in ends if end < len(line) and not _ABBREVIATION.search(line[max(0, end - 12) : end].rstrip())]
