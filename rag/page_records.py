"""Page records: what is known of each page of a version, whichever pipeline it took. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.routing import PageRoute, Route
from rag.pages import Extraction


@dataclass(frozen=True)
class PageRecord:
    """A page's route, why it took it, and how much text it gave."""

    page: int
    route: Route
    reason: str
    source: str  #: where its text is from, as ``pages.Source``; empty when it has none
    characters: int


def page_records(routes: Mapping[int, PageRoute], extraction: Extraction) -> list[PageRecord]:
    """A record for each routed page, by page; characters are those of the text as it is indexed."""
    pages = {page.number: page for page in extraction.pages}
    records = []
    for number, route in sorted(routes.items()):
        page = pages.get(number)
        text = page.text.strip() if page else ""
        source = page.source if page and text else ""
        records.append(PageRecord(number, route.route, route.reason, source, len(text)))
    return records


def routes_of_whole(extraction: Extraction, whole: PageRoute) -> dict[int, PageRoute]:
    """The route of each page of a file that is routed as a whole, and whose pages only extraction could count."""
    numbers = {page.number for page in extraction.pages} | {gap.page for gap in extraction.gaps}
    return {page: PageRoute(page, whole.route, whole.reason) for page in sorted(numbers)}
