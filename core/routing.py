"""Routing: which pipeline a page belongs to, decided by what is on the page. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.media_types import PDF, PRESENTATIONS

Route = Literal["text", "visual"]

FEW_CHARACTERS = 40  #: below this a text layer says nothing: a page number, a watermark
FEW_WORDS = 400  #: characters of a title, a caption, the labels of a drawing made of boxes
PROSE_CHARACTERS = 1_200  #: from here a page reads as prose beside whatever else is on it
FULL_PAGE_IMAGE = 0.85  #: share of the page under images: a scan, or text upon a picture
MOSTLY_HIDDEN = 0.5  #: share of the text that nobody sees: the layer behind a scan
SMALL_PICTURE = 0.1  #: share of the page under images and drawings from which they matter where there is no text,
PICTURE = 0.2  #: beside text that takes less room than they,
LARGE_PICTURE = 0.5  #: and beside prose
MANY_SHAPES = 150  #: curved and slanting paths of a drawing that covers little because its lines are thin
SLIDE_SHAPE = 1.2  #: width over height from which a page has the shape of a slide
SLIDE_LETTERS = 0.02  #: height of a slide's letters over that of the slide; a printed page's are half as high
SPARSE_SLIDE = 500  #: characters below which a page of that shape is a slide however small its letters

#: Why a page was not looked at, by how the child process ended that should have, when others could be
NOT_LOOKED_AT = {
    "timeout": "there was no time left to look at the page",
    "memory": "the page takes too much memory to look at",
    "crash": "the page is damaged",
    "exit": "the page is damaged",
}


@dataclass(frozen=True, kw_only=True)
class PageFeatures:
    """What was measured on one page. Coverages are shares of the page's area, 0 to 1."""

    page: int  #: from 1
    characters: int  #: visible characters in the text layer
    image_coverage: float  #: under raster images
    paths: int  #: drawn paths
    width: float  #: points
    height: float  #: points
    meaningless: int = 0  #: characters of the text layer beside those, which stand for no letter
    hidden_text: float = 0.0  #: share of the text that is drawn invisibly or under a full-page picture
    letter_height: float = 0.0  #: of most lines, over the page's shorter side
    text_coverage: float = 0.0  #: under text
    picture_coverage: float = 0.0  #: under raster images and drawings; rules, boxes and backgrounds are no drawings
    box_coverage: float = 0.0  #: under boxes where no text is
    drawings: int = 0  #: paths that are no rules and no boxes


@dataclass(frozen=True)
class PageRoute:
    """The route of one page and the reason, for a person to read."""

    page: int
    route: Route
    reason: str


def choose_route(features: PageFeatures) -> PageRoute:
    """The pipeline that serves this page best."""
    route, reason = _full_page_picture(features) or _slide(features) or _pictures(features) or _text(features)
    return PageRoute(features.page, route, reason)


def unreadable(page: int, reason: str = "the page is damaged") -> PageRoute:
    """The route of a page that cannot be looked at: the text pipeline names it as a gap."""
    return PageRoute(page, "text", reason)


def route_of_type(media_type: str) -> tuple[Route, str] | None:
    """Route and reason of every page of a file of this type; none for a PDF, whose pages are looked at one by one."""
    if media_type == PDF:
        return None
    if media_type.startswith("image/"):
        return "visual", "a picture"
    if media_type in PRESENTATIONS:
        return "visual", "a slide"
    return "text", "a text document"


Decision = tuple[Route, str]


def _full_page_picture(page: PageFeatures) -> Decision | None:
    if page.image_coverage < FULL_PAGE_IMAGE:
        return None
    if page.characters < FEW_CHARACTERS:
        return "visual", "a picture fills the page: a scan or a photograph"
    if page.hidden_text >= MOSTLY_HIDDEN:
        return "visual", "a scan: its text is only a hidden layer behind a full-page picture"
    return "visual", f"{page.characters:,} characters upon a full-page picture"


def _slide(page: PageFeatures) -> Decision | None:
    landscape = page.width >= SLIDE_SHAPE * page.height
    if not landscape or not 0 < page.characters < PROSE_CHARACTERS:
        return None
    if page.letter_height < SLIDE_LETTERS and page.characters >= SPARSE_SLIDE:
        return None
    return "visual", f"slide shape with {page.characters:,} characters"


def _pictures(page: PageFeatures) -> Decision | None:
    if page.meaningless > page.characters:
        return "visual", f"the text layer is unreadable: {page.meaningless:,} characters stand for no letter"
    few = page.characters < FEW_WORDS
    covered = max(page.picture_coverage, page.image_coverage)
    covered = min(1.0, covered + page.box_coverage) if few and page.box_coverage >= SMALL_PICTURE else covered
    if page.characters < FEW_CHARACTERS and covered >= SMALL_PICTURE:
        return "visual", f"pictures or drawings on {covered:.0%} of the page and next to no text"
    enough = LARGE_PICTURE if page.characters >= PROSE_CHARACTERS else PICTURE
    if covered >= enough and covered >= page.text_coverage:
        return "visual", f"pictures or drawings on {covered:.0%} of the page, text on {page.text_coverage:.0%}"
    if page.drawings >= MANY_SHAPES and covered >= SMALL_PICTURE and page.characters < PROSE_CHARACTERS:
        return "visual", f"a drawing of {page.drawings:,} shapes, {page.characters:,} characters"
    return None


def _text(page: PageFeatures) -> Decision:
    if page.characters == 0:
        return "text", "blank" if page.paths == 0 and page.image_coverage == 0 else "next to nothing on the page"
    if page.characters < FEW_CHARACTERS:
        return "text", f"almost empty: {page.characters} character{'s' * (page.characters != 1)}"
    return "text", f"text: {page.characters:,} characters"


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
