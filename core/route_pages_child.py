"""The child process that looks at the pages of a PDF nobody vouched for: what it finds, as JSON lines on stdout.

``{"wanted": N}`` first, then for each page ``{"at": page}`` before it is touched, so that it is known which page the
child did not survive, and ``{"page", "route", "reason"}``; ``{"code", "message"}`` when the file is refused.

Started by ``core.route_pages`` through ``core.child``, which limits what it may use:
``python -m core.route_pages_child ORDER``.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import DocumentError
from core.routing import choose_route, unreadable

REFUSED = 65  #: exit status when the document is at fault; the last line then says how


@dataclass(frozen=True)
class Order:
    """What the child is asked to do."""

    path: str
    pages: Sequence[int] | None  #: from 1, ascending; None: all
    first: int = 1  #: pages before this one are left alone


def look(order: Order, say: Callable[[object], None]) -> None:
    """Tell the routes of the pages in the order; a page that the document does not have is told like a damaged one.

    Raises DocumentError when the file is refused.
    """
    from core.pdf_features import features, open_pdf  # noqa: PLC0415  the parent needs none of it

    with Path(order.path).open("rb") as file:
        document = open_pdf(file)
        pages = range(1, len(document) + 1) if order.pages is None else order.pages
        say({"wanted": len(pages)})
        for number in pages:
            if number < order.first:
                continue
            say({"at": number})
            known = [number] if 1 <= number <= len(document) else []
            found = [choose_route(measured) for measured in features(document, known)]
            say(asdict(found[0] if found else unreadable(number)))
        document.close()


def main() -> int:
    """Carry out the order in the first argument; answers the exit status."""

    def say(what: object) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    try:
        look(Order(**json.loads(sys.argv[1])), say)
    except DocumentError as error:
        say({"code": error.code, "message": error.message})
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
