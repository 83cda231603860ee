"""Running headers and footers: lines at the edge of a page that belong to the book and not to the page. Pure."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.pdf_lines import Line

EDGE = 0.09  #: running lines stand in this part of the page's height, at the top or at the bottom
EDGE_LINES = 3  #: and among this many lines from either end
LEAST_PAGES = 3
LEAST_SHARE = 0.3  #: of the pages, for a line that repeats without a page number
MOST_NUMBERS = 3  #: of a line, from its beginning, of which any may be the page's
_NUMBER = re.compile(r"\b(\d{1,5})\b")
_NUMBER_AT_END = re.compile(r"^(\d{1,5})\b|\b(\d{1,5})$")


def find(pages: Mapping[int, Sequence[Line]], heights: Mapping[int, float]) -> dict[int, set[int]]:
    """Page number -> indices of its running lines.

    A line at the edge is running when it carries the page's number, counted with the offset that most pages agree
    on, or when it is the same on many pages but for a number that counts them. Other numbers tell lines apart: an
    invoice's, at the top of each page, is what somebody will look for.
    """
    edges = {number: _edge(lines, heights[number]) for number, lines in pages.items()}
    offset = _numbering({n: [pages[n][i].text for i in edge] for n, edge in edges.items()})
    keys = {n: {i: _keys(pages[n][i].text, n) for i in edge} for n, edge in edges.items()}
    repeats = Counter(key for of_page in keys.values() for key in set().union(*of_page.values()))
    often = max(LEAST_PAGES, LEAST_SHARE * len(pages))
    return {
        number: {
            index
            for index in edge
            if (offset is not None and number + offset in _numbers(pages[number][index].text))
            or max(repeats[key] for key in keys[number][index]) >= often
        }
        for number, edge in edges.items()
    }


def _edge(lines: Sequence[Line], height: float) -> list[int]:
    ends = {*range(min(EDGE_LINES, len(lines))), *range(max(0, len(lines) - EDGE_LINES), len(lines))}
    return [i for i in sorted(ends) if not EDGE * height < lines[i].baseline < (1 - EDGE) * height]


def _numbering(edges: Mapping[int, Sequence[str]]) -> int | None:
    """Printed page number minus page number, if at least half of the pages agree on it."""
    votes = Counter(n - number for number, texts in edges.items() for n in {n for t in texts for n in _numbers(t)})
    if not votes:
        return None
    offset, count = votes.most_common(1)[0]
    return offset if count >= max(LEAST_PAGES, len(edges) / 2) else None


def _numbers(text: str) -> set[int]:
    return {int(first or last) for first, last in _NUMBER_AT_END.findall(text.strip())}


def _keys(text: str, page: int) -> set[str]:
    """The line with each of its numbers as it is or, if it may count the pages, as its distance from the page's."""
    parts = _NUMBER.split(" ".join(text.split()))  # text, number, text, …
    counted = range(1, 2 * MOST_NUMBERS, 2)
    ways = [(part, f"#{int(part) - page}") if place in counted else (part,) for place, part in enumerate(parts)]
    return {"".join(way) for way in itertools.product(*ways)}
