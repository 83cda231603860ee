"""The routes of a file's pages, found in a child process with limits."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core import child
from core.errors import DocumentError
from core.route_pages_child import REFUSED, Order
from core.routing import NOT_LOOKED_AT, PageRoute, route_of_type, unreadable
from core.settings import Settings

MAX_FATAL_PAGES = 5  #: each one costs a new start of the child

Progress = Callable[[int, int], None]  #: told the pages looked at, and how many there are to look at


def route_pages(
    path: Path,
    media_type: str,
    pages: Sequence[int] | None,
    settings: Settings,
    progress: Progress | None = None,
    *,
    tick: Callable[[], None] | None = None,
) -> list[PageRoute]:
    """The route of each of ``pages`` (ascending, from 1; None: all that the file has; a file other than a PDF has one).

    ``tick`` is called about every second; whatever it raises ends the look and rises.
    A page that cannot be looked at, also one that the child does not survive, is routed as text and says why.
    Raises DocumentError: ``corrupt``, ``encrypted``, or ``parse_timeout`` and ``parse_memory`` when not one page could
    be looked at.
    """
    whole = route_of_type(media_type)
    if whole is not None:
        return [PageRoute(page, *whole) for page in ([1] if pages is None else pages)]
    order = Order(str(path.resolve()), None if pages is None else list(pages))
    return _of_pdf(order, settings, progress, tick)


def _of_pdf(
    order: Order, settings: Settings, progress: Progress | None, tick: Callable[[], None] | None
) -> list[PageRoute]:
    """Run the child until it ends well, each time from behind the page that ended it the last time."""
    deadline = time.monotonic() + settings.parse_timeout_seconds
    found: dict[int, PageRoute] = {}
    fatal: list[int] = []
    while True:
        watch = _Watch(found, progress)
        try:
            rest = replace(order, first=max(fatal, default=0) + 1)
            _run(rest, settings, deadline - time.monotonic(), watch, tick)
            break
        except child.ChildError as error:
            if error.reason == "timeout" or watch.page is None or len(fatal) == MAX_FATAL_PAGES:
                _give_up(order, error.reason, found, watch)
                break
            fatal.append(watch.page)
            found[watch.page] = unreadable(watch.page, NOT_LOOKED_AT[error.reason])
    return [found[page] for page in sorted(found)]


class _Watch:
    """Follows what the child says, and adds what it found to ``found``."""

    def __init__(self, found: dict[int, PageRoute], progress: Progress | None) -> None:
        self.page: int | None = None  #: the page it is at
        self.wanted = 0
        self.refusal: DocumentError | None = None
        self._found = found
        self._progress = progress

    def __call__(self, line: str) -> None:
        said = json.loads(line)
        if "wanted" in said:
            self.wanted = said["wanted"]
        elif "at" in said:
            self.page = said["at"]
        elif "code" in said:
            self.refusal = DocumentError(**said)
        else:
            self._found[said["page"]] = PageRoute(**said)
            if self._progress is not None:
                self._progress(len(self._found), self.wanted)


def _run(order: Order, settings: Settings, seconds: float, watch: _Watch, tick: Callable[[], None] | None) -> None:
    """Raises DocumentError when the child refuses the file, ChildError when it does not survive it."""
    try:
        child.run(
            ["-m", "core.route_pages_child", json.dumps(asdict(order))],
            timeout_seconds=seconds,
            memory_bytes=settings.parse_memory_bytes,
            output_bytes=settings.parse_output_bytes,
            on_line=watch,
            tick=tick,
        )
    except child.ChildError as error:
        if error.returncode == REFUSED and watch.refusal is not None:
            raise watch.refusal from error
        raise


def _give_up(order: Order, reason: child.Reason, found: dict[int, PageRoute], watch: _Watch) -> None:
    """Add the pages that were not looked at; raises DocumentError when none was."""
    if not found:
        code = {"timeout": "parse_timeout", "memory": "parse_memory"}.get(reason, "corrupt")
        raise DocumentError(code, f"The pages could not be looked at: {NOT_LOOKED_AT[reason]}.")
    pages = range(1, watch.wanted + 1) if order.pages is None else order.pages
    for page in pages:
        found.setdefault(page, unreadable(page, NOT_LOOKED_AT[reason]))
