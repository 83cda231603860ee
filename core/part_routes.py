"""The routes of a part's pages: as the entry found them, or by a look at those that it left open."""

from collections.abc import Callable
from pathlib import Path

from core.aws import Services
from core.jobs import UNKNOWN, VISUAL, Job
from core.route_pages import route_pages
from core.routing import PageRoute, Route

FORCED = "as the caller wants it"


def routes_of_part(
    job: Job, path: Path, services: Services, check: Callable[[], None] | None = None
) -> dict[int, PageRoute]:
    """The route of each page of the part, with its reason; the file at ``path`` is looked at where they are missing.

    ``check`` is called about every second meanwhile. Raises DocumentError when the file cannot be read, and whatever
    ``check`` raises.
    """
    status = services.statuses.get(job.status_id)
    known = {int(page["page"]): PageRoute(**page) for page in (status.page_routes if status else ())}
    routes = {page: known[page] for page in job.page_numbers if page in known}
    missing = [page for page in job.page_numbers if page not in routes]
    if missing:
        found = route_pages(path, job.media_type, missing, services.settings, tick=check)
        routes |= {route.page: route for route in found}
    return {page: _as_cut(routes[page], letter) for page, letter in job.letters().items() if page in routes}


def _as_cut(found: PageRoute, letter: str) -> PageRoute:
    """The route that the job has for the page, where it has one: a caller may have forced it."""
    wanted: Route = "visual" if letter == VISUAL else "text"
    if letter == UNKNOWN or found.route == wanted:
        return found
    return PageRoute(found.page, wanted, FORCED)
