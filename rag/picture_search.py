"""Search: a document's pictures, found in a child process with limits."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core import child, logs
from core.media_types import PDF
from core.settings import Settings
from rag.convert import DOCX, PPTX
from rag.picture_candidates import Candidate, from_json
from rag.picture_child import OUTPUT, SearchOrder

KINDS = frozenset({PDF, DOCX, PPTX, "text/html"})  #: of files in which pictures are looked for
MAX_FATAL = 5  #: pages or pictures that end the search, each costing a new start, before it is given up


def search(
    path: Path,
    media_type: str,
    pages: Sequence[int],
    folder: Path,
    settings: Settings,
    *,
    check: Callable[[], None] | None = None,
) -> list[Candidate]:
    """The pictures on these pages, with copies in the folder; what ends the search costs itself and is logged.

    ``check`` is called about every second; whatever it raises ends the search and rises.
    """
    order = SearchOrder(str(path.resolve()), media_type, list(pages), str(folder))
    deadline = time.monotonic() + settings.picture_timeout_seconds
    for _ in range(1 + MAX_FATAL):
        watch = _Watch()
        try:
            _run(order, settings, deadline - time.monotonic(), watch, check)
            break
        except child.ChildError as error:
            logs.warning(
                "Search for pictures failed",
                reason=error.reason,
                exit_status=error.returncode,
                media_type=media_type,
                place=watch.place,
            )
            if error.reason == "timeout" or watch.place <= order.after:
                break
            order = replace(order, after=watch.place)
    wanted = set(pages)
    return [candidate for candidate in _found(folder) if candidate.page in wanted]


class _Watch:
    """Follows at which page or picture the search is."""

    def __init__(self) -> None:
        self.place = 0

    def __call__(self, line: str) -> None:
        self.place = int(line.split()[1])


def _run(
    order: SearchOrder, settings: Settings, seconds: float, watch: _Watch, check: Callable[[], None] | None
) -> None:
    child.run(
        ["-m", "rag.picture_child", "find", json.dumps(asdict(order))],
        timeout_seconds=max(seconds, 0.0),
        memory_bytes=settings.parse_memory_bytes,
        output_bytes=settings.parse_output_bytes,
        directory=Path(order.folder),
        on_line=watch,
        tick=check,
    )


def _found(folder: Path) -> list[Candidate]:
    """What the search wrote, without what it did not come to an end with."""
    output = folder / OUTPUT
    if not output.exists():
        return []
    with output.open(encoding="utf-8") as lines:
        return list(from_json(lines))
