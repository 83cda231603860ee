"""The text of a PDF, page by page, with the headings of its outline and its layout."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pypdfium2 as pdfium

from core.jobs import Gap
from core.routing import SLIDE_SHAPE
from rag import cleanup, layout, outline, running_lines
from rag.outline import Entry
from rag.pages import Heading, Page, follow
from rag.pdf_lines import Line, read_lines

BELOW_OUTLINE = 50  #: level of headings told by their looks in a document with an outline


@dataclass(frozen=True)
class Sheet:
    """A page as read: its lines and its size in points."""

    number: int
    lines: tuple[Line, ...]
    width: float
    height: float


def read_sheets(
    document: pdfium.PdfDocument, numbers: Sequence[int], started: Callable[[int], None]
) -> Iterator[Sheet | Gap]:
    """The lines of each page, or a gap where the page cannot be loaded."""
    for number in numbers:
        started(number)
        try:
            page = document[number - 1]
        except pdfium.PdfiumError:
            yield Gap(number, "the page is damaged")
            continue
        cleaned = (replace(line, text=cleanup.clean(line.text).strip()) for line in read_lines(page))
        yield Sheet(number, tuple(line for line in cleaned if line.text), *page.get_size())
        page.close()


class Place(NamedTuple):
    """Where a paragraph begins."""

    start: int  #: offset in the page's text
    left: float  #: points from the lower left corner
    baseline: float


@dataclass(frozen=True)
class PlacedPage:
    """A page, and where its paragraphs stand."""

    page: Page
    places: tuple[Place, ...]  #: of each paragraph, in their order


def pages_of(sheets: Sequence[Sheet], entries: Sequence[Entry], wanted: Collection[int]) -> list[PlacedPage]:
    """The ``wanted`` pages; the other sheets only tell which headings are in force on the page after them."""
    running = running_lines.find({s.number: s.lines for s in sheets}, {s.number: s.height for s in sheets})
    sheets = [
        replace(sheet, lines=tuple(line for i, line in enumerate(sheet.lines) if i not in running[sheet.number]))
        for sheet in sheets
    ]
    known = cleanup.vocabulary(line.text for sheet in sheets for line in sheet.lines)
    looks = _headings_by_looks(sheets, BELOW_OUTLINE if entries else 1)
    path: tuple[Heading, ...] = ()
    pages: list[PlacedPage] = []
    for sheet in sheets:
        if not pages or sheet.number != pages[-1].page.number + 1:
            # Of the pages between nothing is known but the outline.
            path = outline.path_before(entries, sheet.number)
        if not entries and sheet.width >= SLIDE_SHAPE * sheet.height:
            path = ()  # a slide stands for itself
        placed = _page(sheet, [entry for entry in entries if entry.page == sheet.number], looks[sheet.number], known)
        pages.append(replace(placed, page=replace(placed.page, path=path)))
        for heading in placed.page.headings:
            path = follow(path, heading)
    return [placed for placed in pages if placed.page.number in wanted]


@dataclass(frozen=True)
class _Printed:
    """A heading printed on the page."""

    level: int
    title: str
    lines: int


def _headings_by_looks(sheets: Sequence[Sheet], top: int) -> dict[int, dict[int, _Printed]]:
    """Page number -> index of the first line -> heading; ``top`` is the level of the largest."""
    body = layout.body_size([line for sheet in sheets for line in sheet.lines])
    sizes = {sheet.number: layout.heading_sizes(sheet.lines, body) for sheet in sheets}
    ranks = sorted({size for found in sizes.values() for size in found.values()}, reverse=True)
    headings: dict[int, dict[int, _Printed]] = {}
    for sheet in sheets:
        found = sizes[sheet.number]
        headings[sheet.number] = {
            index: _Printed(top + ranks.index(found[index]), _title(sheet.lines[index : index + count]), count)
            for index, count in layout.heading_runs(sheet.lines, found).items()
        }
    return headings


def _title(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)[: layout.TITLE_CHARACTERS]


def _page(sheet: Sheet, entries: Sequence[Entry], looks: Mapping[int, _Printed], known: frozenset[str]) -> PlacedPage:
    located = outline.locate(entries, [line.text for line in sheet.lines])
    headings = {index: _Printed(entry.level, entry.title, count) for index, (entry, count) in located.items()}
    taken = {index + extra for index, heading in headings.items() for extra in range(heading.lines)}
    headings |= {
        index: heading for index, heading in looks.items() if not taken & {*range(index, index + heading.lines)}
    }
    printed = {entry for entry, _ in located.values()}
    sections = [Heading(0, entry.level, entry.title) for entry in entries if entry not in printed]
    text, places = "", []
    for block in layout.compose(sheet.lines, {index: heading.lines for index, heading in headings.items()}):
        text += "\n\n" if text else ""
        places.append(Place(len(text), sheet.lines[block.first].left, sheet.lines[block.first].baseline))
        if block.first in headings:
            heading = headings[block.first]
            sections.append(Heading(len(text), heading.level, cleanup.join_divided(heading.title, known)))
        text += cleanup.join_divided(block.text, known)
    page = Page(sheet.number, text, "text-layer" if text else "", headings=tuple(sections))
    return PlacedPage(page, tuple(places))
