"""Routing: which pipeline a page belongs to, decided by what is on the page. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Route = Literal["text", "visual"]

FEW_CHARACTERS = 40  #: below this a text layer says nothing: a page number, a watermark
PROSE_CHARACTERS = 1_200  #: from here a page reads as prose whatever else is drawn on it
MOSTLY_IMAGE = 0.5  #: share of the page under raster images
FULL_PAGE_IMAGE = 0.85
MANY_PATHS = 150  #: drawn paths of a chart or a diagram; rules and underlines are a few dozen
SLIDE_SHAPE = 1.2  #: width over height from which a page has the shape of a slide


@dataclass(frozen=True, kw_only=True)
class PageFeatures:
    """What was measured on one page."""

    page: int  #: from 1
    characters: int  #: visible characters in the text layer
    image_coverage: float  #: share of the page's area under raster images, 0 to 1
    paths: int  #: drawn paths
    width: float  #: points
    height: float  #: points


@dataclass(frozen=True)
class PageRoute:
    """The route of one page and the reason, for a person to read."""

    page: int
    route: Route
    reason: str


def choose_route(features: PageFeatures) -> PageRoute:
    """The pipeline that serves this page best."""
    route, reason = _decide(features)
    return PageRoute(features.page, route, reason)


def _decide(page: PageFeatures) -> tuple[Route, str]:
    covered = f"{page.image_coverage:.0%} of the page is image"
    if page.characters < FEW_CHARACTERS:
        if page.image_coverage >= MOSTLY_IMAGE:
            return "visual", f"no text layer and {covered}"
        if page.paths >= MANY_PATHS:
            return "visual", f"no text layer and {page.paths} drawn paths"
        return "text", f"almost empty: {page.characters} characters"
    if page.image_coverage >= FULL_PAGE_IMAGE:
        return "visual", f"the text lies behind a full-page image: {covered}"
    if page.characters >= PROSE_CHARACTERS:
        return "text", f"prose: {page.characters} characters"
    if page.width >= SLIDE_SHAPE * page.height:
        return "visual", f"slide shape with {page.characters} characters"
    if page.image_coverage >= MOSTLY_IMAGE:
        return "visual", f"{covered}, {page.characters} characters"
    if page.paths >= MANY_PATHS:
        return "visual", f"{page.paths} drawn paths, {page.characters} characters"
    return "text", f"text: {page.characters} characters"


@dataclass(frozen=True)
class RouteSummary:
    """The routes of the pages that were looked at, and what most of them say."""

    route: Route
    pages: tuple[PageRoute, ...]
    total_pages: int

    def as_dict(self) -> dict[str, object]:
        """For the document's record: counts, and a reason a page."""
        counts = Counter(page.route for page in self.pages)
        return {
            "route": self.route,
            "pagesLookedAt": len(self.pages),
            "totalPages": self.total_pages,
            "textPages": counts["text"],
            "visualPages": counts["visual"],
            "pages": [{"page": page.page, "route": page.route, "reason": page.reason} for page in self.pages],
        }


def summarise(pages: Iterable[PageRoute], total_pages: int) -> RouteSummary:
    """A document is visual when most of the pages looked at are."""
    looked_at = tuple(pages)
    visual = sum(page.route == "visual" for page in looked_at)
    return RouteSummary("visual" if visual * 2 > len(looked_at) else "text", looked_at, total_pages)


def sample(total_pages: int, limit: int) -> list[int]:
    """Up to ``limit`` page numbers spread evenly over the document, the first page among them."""
    if total_pages <= limit:
        return list(range(1, total_pages + 1))
    return [1 + total_pages * number // limit for number in range(limit)]
