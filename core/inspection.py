"""Inspection: what an uploaded object is, from as few of its bytes as that takes.

The first bytes tell most types. What must be parsed to be told, a PDF or a package, is parsed in a limited child
process, which gets the ranges that it asks for from here.
"""

import json
from dataclasses import asdict, dataclass

from core import child, logs, media_types
from core.errors import DocumentError
from core.inspection_child import REFUSED, Order
from core.ranges import RangeFile
from core.routing import NOT_LOOKED_AT, PageRoute, RouteSummary, route_of_type, summarise, unreadable
from core.settings import Settings

OUTPUT_BYTES = 1_000_000
FAILURES = {
    "timeout": ("parse_timeout", "Looking at the file took too long."),
    "memory": ("parse_memory", "Looking at the file took too much memory."),
    "crash": ("corrupt", "The file is damaged and cannot be read."),
    "exit": ("corrupt", "The file is damaged and cannot be read."),
}


@dataclass(frozen=True)
class Inspection:
    """The facts that validation needs."""

    media_type: str
    pages: int  #: 1 for everything but a PDF
    routes: RouteSummary
    bytes_fetched: int


def inspect(file: RangeFile, file_name: str, settings: Settings) -> Inspection:
    """Find type, page count and routes of a file; the pages of a PDF that the child does not survive are left alone.

    Raises DocumentError: ``empty``, ``encrypted``, ``corrupt``, ``unsupported_type``, ``too_many_pages``,
    ``parse_timeout`` or ``parse_memory``; and whatever fetching a range raises.
    """
    media_type = _type_by_head(file, file_name)
    pages, routes = 1, list[PageRoute]()
    if media_type is None or media_type == media_types.PDF:
        found = _look(Order(file.size, file_name, settings.max_pages), file, settings)
        media_type, pages, routes = found.media_type, found.pages, found.routes
    whole = route_of_type(media_type)
    if whole is not None:
        routes = [PageRoute(1, *whole)]
    return Inspection(media_type, pages, summarise(routes, pages), file.bytes_fetched)


def detect(file: RangeFile, file_name: str, settings: Settings) -> str:
    """The media type of a file alone; raises as ``inspect`` does."""
    media_type = _type_by_head(file, file_name)
    if media_type is not None:
        return media_type
    return _look(Order(file.size, file_name, settings.max_pages, "type"), file, settings).media_type


def count_pages(file: RangeFile, settings: Settings) -> int:
    """The page count of a PDF; raises as ``inspect`` does."""
    return _look(Order(file.size, "", settings.max_pages, "pages"), file, settings).pages


def _type_by_head(file: RangeFile, file_name: str) -> str | None:
    if file.size == 0:
        raise DocumentError("empty", "The file is empty.")
    return media_types.of_head(file.read_at(0, media_types.HEAD_BYTES), file_name)


class _Findings:
    """Follows what the child says."""

    def __init__(self) -> None:
        self.media_type = ""
        self.pages = 1
        self.routes: list[PageRoute] = []
        self.at: int | None = None  #: the page it is at
        self.refusal: DocumentError | None = None

    def __call__(self, line: str) -> None:
        said = json.loads(line)
        if "media_type" in said:
            self.media_type = said["media_type"]
        elif "pages" in said:
            self.pages = said["pages"]
        elif "at" in said:
            self.at = said["at"]
        elif "code" in said:
            self.refusal = DocumentError(**said)
        else:
            self.routes.append(PageRoute(**said))


def _look(order: Order, file: RangeFile, settings: Settings) -> _Findings:
    """What the child finds; once it has told the page count, its end costs no more than the page that it was at."""
    findings = _Findings()
    try:
        child.run(
            ["-m", "core.inspection_child", json.dumps(asdict(order))],
            timeout_seconds=settings.inspect_timeout_seconds,
            memory_bytes=settings.inspect_memory_bytes,
            output_bytes=OUTPUT_BYTES,
            on_line=findings,
            serve=file.read_at,
        )
    except child.ChildError as error:
        if error.returncode == REFUSED and findings.refusal is not None:
            raise findings.refusal from error
        about = {"exit_status": error.returncode, "media_type": findings.media_type, "page": findings.at}
        logs.warning("Inspection failed", reason=error.reason, **about)
        if findings.at is None:
            raise DocumentError(*FAILURES[error.reason]) from error
        if findings.at not in {route.page for route in findings.routes}:
            findings.routes.append(unreadable(findings.at, NOT_LOOKED_AT[error.reason]))
    return findings
