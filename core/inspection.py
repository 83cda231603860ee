"""Inspection: what an uploaded object is, from as few of its bytes as that takes."""

import time
from dataclasses import dataclass

from core import media_types, pdf_features
from core.errors import DocumentError
from core.ranges import RangeFile
from core.routing import PageRoute, RouteSummary, choose_route, sample, summarise

SAMPLED_PAGES = 24  #: most pages whose features the entry looks at
SAMPLED_SHARE = 0.2  #: share of a long file that sampling may fetch; the page tree alone may be scattered all over it
FREELY_READ_BYTES = 1_000_000  #: below this a file is cheaper to read than to be thrifty with
SAMPLING_SECONDS = 0.5


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
    if media_type != media_types.PDF:
        return Inspection(media_type, 1, _whole_file_route(media_type), file.bytes_fetched)
    pages, routes = _inspect_pdf(file, max_pages)
    return Inspection(media_type, pages, routes, file.bytes_fetched)


def _inspect_pdf(file: RangeFile, max_pages: int) -> tuple[int, RouteSummary]:
    document = pdf_features.open_pdf(file)  # type: ignore[arg-type]
    try:
        total = len(document)
        if total > max_pages:
            raise DocumentError("too_many_pages", f"The document has {total} pages; at most {max_pages} are accepted.")
        budget = max(FREELY_READ_BYTES, int(file.size * SAMPLED_SHARE))
        deadline = time.monotonic() + SAMPLING_SECONDS
        routes: list[PageRoute] = []
        for number in sample(total, SAMPLED_PAGES):
            if routes and (file.bytes_fetched > budget or time.monotonic() > deadline):
                break
            routes += [choose_route(features) for features in pdf_features.features(document, [number])]
        return total, summarise(routes, total)
    finally:
        document.close()


def _whole_file_route(media_type: str) -> RouteSummary:
    visual = media_type.startswith("image/") or "presentation" in media_type or media_type.endswith("powerpoint")
    return RouteSummary("visual" if visual else "text", (), 1)
