"""A PDF's outline (bookmarks): which headings are in force on which page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pypdfium2 as pdfium

from rag.pages import Heading, follow

MAX_ENTRIES = 20_000
MAX_DEPTH = 8
MAX_TITLE_LINES = 3  #: lines over which a printed heading may run
_NUMBER = re.compile(r"^(?:(?:chapter|appendix|part|section)\s+)?[\divxlc]+(?:\.\d+)*[.):]?\s+", re.IGNORECASE)
_NOT_WORD = re.compile(r"\W+")


@dataclass(frozen=True)
class Entry:
    """One bookmark."""

    page: int  #: from 1
    level: int  #: 1 is the highest
    title: str


def read_outline(document: pdfium.PdfDocument) -> list[Entry]:
    """The bookmarks that lead to a page, in the order of the outline; damaged ones are left out."""
    return list(islice(_entries(document), MAX_ENTRIES))


def _entries(document: pdfium.PdfDocument) -> Iterator[Entry]:
    for bookmark in document.get_toc(max_depth=MAX_DEPTH):
        title = " ".join(bookmark.get_title().split())
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        if title and index is not None:
            yield Entry(index + 1, bookmark.level + 1, title)


def path_before(entries: Sequence[Entry], page: int) -> tuple[Heading, ...]:
    """The headings in force at the start of a page: those of the entries on earlier pages."""
    path: tuple[Heading, ...] = ()
    for entry in entries:
        if entry.page < page:
            path = follow(path, Heading(0, entry.level, entry.title))
    return path


def locate(entries: Sequence[Entry], lines: Sequence[str]) -> dict[int, tuple[Entry, int]]:
    """Where each entry's title is printed: index of the first line -> entry and number of lines.

    Entries are looked for in their order; one that is not printed on the page is not in the result.
    """
    keys = [_key(line) for line in lines]
    found: dict[int, tuple[Entry, int]] = {}
    start = 0
    for entry in entries:
        place = _find(_key(entry.title), keys, start)
        if place is not None:
            found[place[0]] = (entry, place[1])
            start = sum(place)
    return found


def _find(title: str, keys: Sequence[str], start: int) -> tuple[int, int] | None:
    for first in range(start, len(keys)):
        joined = ""
        for count, key in enumerate(keys[first : first + MAX_TITLE_LINES], 1):
            joined = f"{joined} {key}".strip()
            if joined == title:
                return first, count
            if not title.startswith(joined):
                break
    return None


def _key(text: str) -> str:
    """What is compared of a title: its words without the number before them."""
    without_number = _NUMBER.sub("", text.strip())
    return _NOT_WORD.sub(" ", (without_number or text).casefold()).strip()
