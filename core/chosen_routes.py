"""Routes that somebody chose for a whole document, whatever is on its pages. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from core import media_types
from core.errors import DocumentError
from core.inspection import Inspection
from core.routing import PageRoute, Route, RouteSummary

#: Files whose pages can be shown as pictures
PICTURED = (media_types.PDF, "image/", *media_types.PRESENTATIONS)


def of_metadata(metadata: Mapping[str, str]) -> Route | None:
    """The route that the uploader forces by the metadata ``rag_route``; anything else there says nothing."""
    wanted = metadata.get("rag_route", "").strip().lower()
    return next((route for route in get_args(Route) if route == wanted), None)


def forced(inspection: Inspection, route: Route | None) -> Inspection:
    """The inspection with the route that the caller wants on every page; raises DocumentError when it has no pages."""
    if route is None:
        return inspection
    if route == "visual" and not inspection.media_type.startswith(PICTURED):
        raise DocumentError("not_pictured", "This kind of file has no pages to show as pictures; leave the route open.")
    return _every_page(inspection, route, "as the caller wants it")


def without_pictures(inspection: Inspection) -> Inspection:
    """The inspection while operators have switched pages as pictures off."""
    return _every_page(inspection, "text", "page images are switched off")


def _every_page(inspection: Inspection, route: Route, reason: str) -> Inspection:
    pages = tuple(PageRoute(page, route, reason) for page in range(1, inspection.pages + 1))
    return replace(inspection, routes=RouteSummary(route, pages, inspection.pages))
