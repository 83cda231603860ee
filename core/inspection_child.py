"""The child process that finds out what an uploaded object is: what it finds, as JSON lines on stdout.

``{"media_type": …}`` first; of a PDF ``{"pages": N}`` next, then for each page that is looked at ``{"at": page}``
before it is touched, and ``{"page", "route", "reason"}``; ``{"code", "message"}`` when the file is refused.

Started by ``core.inspection`` through ``core.child``, which limits what it may use and serves it the file:
``python -m core.inspection_child ORDER``.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from core import media_types
from core.child_ranges import fetch
from core.errors import DocumentError
from core.ranges import RangeFile
from core.routing import choose_route, sample, unreadable

if TYPE_CHECKING:
    import pypdfium2 as pdfium

REFUSED = 65  #: exit status when the document is at fault; the last line then says how
SAMPLED_PAGES = 24  #: most pages whose features are looked at
SAMPLED_SHARE = 0.2  #: share of a long file that sampling may fetch; the page tree alone may be scattered all over it
FREELY_READ_BYTES = 1_000_000  #: below this a file is cheaper to read than to be thrifty with
SAMPLING_SECONDS = 0.5
WHOLE_SECONDS = 2.0  #: the same for a file of no more pages than are sampled, all of which are looked at

Say = Callable[[object], None]


@dataclass(frozen=True)
class Order:
    """What the child is asked to find out."""

    size: int
    file_name: str
    max_pages: int
    wanted: Literal["type", "pages", "routes"] = "routes"  #: and what comes before it


def look(order: Order, file: RangeFile, say: Say) -> None:
    """Tell what is wanted: type, page count and routes of a PDF; raises DocumentError to refuse the file."""
    media_type = media_types.detect(file, order.file_name)  # type: ignore[arg-type]
    say({"media_type": media_type})
    if media_type != media_types.PDF or order.wanted == "type":
        return
    from core.pdf_features import open_pdf  # noqa: PLC0415  other files need no such library

    document = open_pdf(file)  # type: ignore[arg-type]
    total = len(document)
    if total > order.max_pages:
        message = f"The document has {total} pages; at most {order.max_pages} are accepted."
        raise DocumentError("too_many_pages", message)
    say({"pages": total})
    if order.wanted == "routes":
        _look_at_pages(document, file, total, say)
    document.close()


def _look_at_pages(document: "pdfium.PdfDocument", file: RangeFile, total: int, say: Say) -> None:
    """All pages of a short document, as many of a long one as time and thrift allow."""
    from core.pdf_features import features  # noqa: PLC0415

    short = total <= SAMPLED_PAGES
    budget = max(FREELY_READ_BYTES, int(file.size * SAMPLED_SHARE))
    deadline = time.monotonic() + (WHOLE_SECONDS if short else SAMPLING_SECONDS)
    for done, number in enumerate(sample(total, SAMPLED_PAGES)):
        if done and (time.monotonic() > deadline or (not short and file.bytes_fetched > budget)):
            return
        say({"at": number})
        found = [choose_route(measured) for measured in features(document, [number])]
        say(asdict(found[0] if found else unreadable(number)))


def main() -> int:
    """Carry out the order in the first argument; answers the exit status."""

    def say(what: object) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    order = Order(**json.loads(sys.argv[1]))
    try:
        look(order, RangeFile(order.size, fetch), say)
    except DocumentError as error:
        say({"code": error.code, "message": error.message})
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
