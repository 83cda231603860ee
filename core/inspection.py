"""Inspection: what an uploaded object is, from as few of its bytes as that takes."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import media_types, pdf_features
from core.errors import DocumentError
from core.ranges import RangeFile
from core.routing import PageRoute, RouteSummary, choose_route, route_of_type, sample, summarise, unreadable

if TYPE_CHECKING:
    import pypdfium2 as pdfium

SAMPLED_PAGES = 24  #: most pages whose features the entry looks at
SAMPLED_SHARE = 0.2  #: share of a long file that sampling may fetch; the page tree alone may be scattered all over it
FREELY_READ_BYTES = 1_000_000  #: below this a file is cheaper to read than to be thrifty with
SAMPLING_SECONDS = 0.5
WHOLE_SECONDS = 2.0  #: the same for a file of no more pages than are sampled, all of which are looked at


@dataclass(frozen=True)
class Inspection:
    """The facts that validation needs."""

    media_type: str
    pages: int  #: 1 for everything but a PDF
    routes: RouteSummary
    bytes_fetched: int


def inspect(file: RangeFile, file_name: str, max_pages: int) -> Inspection:
    """Find type, page count and routes of a file.

    Raises DocumentError: ``empty``, ``encrypted``, ``corrupt``, ``unsupported_type`` or ``too_many_pages``.
    """
    if file.size == 0:
        raise DocumentError("empty", "The file is empty.")
    media_type = media_types.detect(file, file_name)  # type: ignore[arg-type]
    whole = route_of_type(media_type)
    if whole is not None:
        return Inspection(media_type, 1, summarise([PageRoute(1, *whole)], 1), file.bytes_fetched)
    pages, routes = _inspect_pdf(file, max_pages)
    return Inspection(media_type, pages, routes, file.bytes_fetched)


def _inspect_pdf(file: RangeFile, max_pages: int) -> tuple[int, RouteSummary]:
    document = pdf_features.open_pdf(file)  # type: ignore[arg-type]
    try:
        total = len(document)
        if total > max_pages:
            raise DocumentError("too_many_pages", f"The document has {total} pages; at most {max_pages} are accepted.")
        return total, summarise(_look(document, file, total), total)
    finally:
        document.close()


def _look(document: "pdfium.PdfDocument", file: RangeFile, total: int) -> list[PageRoute]:
    """The routes of all pages of a short document, of as many of a long one as time and thrift allow."""
    short = total <= SAMPLED_PAGES
    budget = max(FREELY_READ_BYTES, int(file.size * SAMPLED_SHARE))
    deadline = time.monotonic() + (WHOLE_SECONDS if short else SAMPLING_SECONDS)
    routes: list[PageRoute] = []
    for number in sample(total, SAMPLED_PAGES):
        if routes and (time.monotonic() > deadline or (not short and file.bytes_fetched > budget)):
            break
        found = [choose_route(features) for features in pdf_features.features(document, [number])]
        routes += found or [unreadable(number)]
    return routes
