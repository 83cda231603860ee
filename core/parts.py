"""Parts: the pages that one worker call processes, cut from the routes of all pages. Pure."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.jobs import ABSENT, LETTERS, UNKNOWN
from core.routing import PageRoute, Route
from core.settings import Settings

MOST_PARTS = 1000  #: of each route, so that all and those that they hand over fit the ids of chunks

Sizes = Mapping[Route, int]  #: most pages of a part


@dataclass(frozen=True)
class Part:
    """Pages for one pipeline, with a letter a page as a job has it."""

    route: Route
    first_page: int
    last_page: int
    page_routes: str


def part_sizes(total_pages: int, settings: Settings) -> Sizes:
    """The sizes that the settings ask for, larger where a long document would have too many parts."""
    least = -(-total_pages // MOST_PARTS)
    return {"text": max(least, settings.text_part_pages), "visual": max(least, settings.visual_part_pages)}


def cut(total_pages: int, routes: Sequence[PageRoute], otherwise: Route, sizes: Sizes) -> list[Part]:
    """The parts of a document, each page in one of them; those of the text pipeline come first.

    A page that is not among ``routes`` goes to the pipeline ``otherwise``, whose worker will look at it. Parts have at
    most ``sizes`` pages; neighbours on the same route need not be neighbours in the document, so that a chart here and
    there does not make a part each.
    """
    if total_pages < 1:
        raise ValueError("a document has at least one page")
    known = {page.page: page.route for page in routes}
    pages: dict[Route, list[int]] = {"text": [], "visual": []}
    for page in range(1, total_pages + 1):
        pages[known.get(page, otherwise)].append(page)
    return [part(route, group, frozenset(known)) for route in pages for group in groups(pages[route], sizes[route])]


def part(route: Route, pages: Sequence[int], known: frozenset[int]) -> Part:
    """A part of these pages; those not ``known`` carry the letter UNKNOWN."""
    letters = {page: LETTERS[route] if page in known else UNKNOWN for page in pages}
    first, last = pages[0], pages[-1]
    return Part(route, first, last, "".join(letters.get(page, ABSENT) for page in range(first, last + 1)))


def groups(pages: Sequence[int], size: int) -> list[Sequence[int]]:
    """The pages in order, in as few groups of at most ``size`` as possible, of nearly equal length."""
    if size < 1:
        raise ValueError("a part covers at least one page")
    count = -(-len(pages) // size)
    bounds = [len(pages) * number // count for number in range(count)] + [len(pages)] if count else []
    return [pages[first:end] for first, end in itertools.pairwise(bounds)]
