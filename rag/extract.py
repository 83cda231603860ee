"""Extract: a file to the text of its pages, parsed in a child process with limits."""

import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core import child, logs
from core.errors import DocumentError
from core.jobs import Gap
from core.settings import Settings
from rag.extract_child import REFUSED, Order
from rag.pages import Extraction, Page, from_json

FAILURES = {
    "timeout": ("parse_timeout", "Reading the file took too long."),
    "memory": ("parse_memory", "Reading the file took too much memory."),
    "crash": ("corrupt", "The file is damaged and cannot be read."),
    "exit": ("corrupt", "The file is damaged and cannot be read."),
}
#: The same of a page, when others could be read
PAGE_FAILURES = {
    "timeout": "there was no time left to read the page",
    "memory": "the page takes too much memory to read",
    "crash": "the page is damaged",
    "exit": "the page is damaged",
}
MAX_FATAL_PAGES = 5  #: of a part; each one costs a new start of the parser


def extract(
    path: Path,
    media_type: str,
    pages: Sequence[int],
    settings: Settings,
    progress: Callable[[int], None],
    *,
    visual: Collection[int] = (),
) -> Extraction:
    """The text of these pages of a PDF, and of all pages of any other file.

    ``pages`` are numbers from 1, ascending, with or without holes; those after the last page are left out. Of those in
    ``visual`` the whole picture is read by OCR too, and adds what the text layer lacks.
    ``progress`` is called with the number of pages done. A page that cannot be read becomes a gap, also when the
    parser does not survive it; a page without text is none.
    Raises DocumentError: ``corrupt``, ``encrypted``, ``unsupported_type``, ``too_large_when_unpacked``,
    ``parse_timeout``, ``parse_memory``, or ``no_text`` when there is neither text nor a gap, unless pages are
    ``visual``: those may still be found by what they show.
    """
    with tempfile.TemporaryDirectory() as folder:
        order = Order(
            path=str(path.resolve()),
            media_type=media_type,
            pages=tuple(pages),
            visual=tuple(sorted(set(visual).intersection(pages))),
            output=str(Path(folder, "pages.jsonl")),
            ocr_languages=settings.ocr_languages,
            ocr_workers=settings.ocr_workers or os.cpu_count() or 1,
        )
        items = _read_all(order, settings, progress)
    read = tuple(sorted((item for item in items if isinstance(item, Page)), key=lambda page: page.number))
    gaps = tuple(sorted((item for item in items if isinstance(item, Gap)), key=lambda gap: gap.page))
    if not gaps and not visual and not any(page.text.strip() for page in read):
        raise DocumentError("no_text", "No text was found in the document.")
    pictures = media_type.startswith("image/")
    return Extraction(tuple(replace(page, apart=pictures or page.number in visual) for page in read), gaps)


def _read_all(order: Order, settings: Settings, progress: Callable[[int], None]) -> list[Page | Gap]:
    """Run the parser until it ends well, each time without the page that ended it the last time."""
    fatal: dict[str, list[Gap]] = {"at": [], "picture": []}  # pages by what was done with them
    deadline = time.monotonic() + settings.parse_timeout_seconds
    while True:
        watch = _Watch(progress)
        try:
            skipped, unread = ([gap.page for gap in gaps] for gaps in fatal.values())
            careful = replace(order, skip=skipped, skip_pictures=unread)
            _run(careful, settings, deadline - time.monotonic(), watch)
        except child.ChildError as error:
            if error.reason != "timeout" and watch.page is not None and sum(map(len, fatal.values())) < MAX_FATAL_PAGES:
                fatal[watch.doing].append(Gap(watch.page, PAGE_FAILURES[error.reason]))
                continue
            return _rest_as_gaps(order, error.reason)
        gaps = itertools.chain(*fatal.values())
        return [*_read(order.output), *(gap for gap in gaps if gap.page in order.pages)]


class _Watch:
    """Follows what the parser says of its progress."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self.page: int | None = None  #: the page it is at
        self.doing = "at"  #: with the page itself, or with its ``picture``
        self._done = 0
        self._progress = progress

    def __call__(self, line: str) -> None:
        word, number = line.split()
        if word in {"at", "picture"}:
            self.doing, self.page = word, int(number)
        else:
            self._done += 1
            self._progress(self._done)


def _run(order: Order, settings: Settings, seconds: float, watch: _Watch) -> None:
    """Raises DocumentError when the parser refuses the file, ChildError when it does not survive it."""
    try:
        instructions = Path(order.output).with_name("order.json")  # may be too long for an argument
        instructions.write_text(json.dumps(asdict(order)), "utf-8")
        child.run(
            ["-m", "rag.extract_child", str(instructions)],
            timeout_seconds=seconds,
            memory_bytes=settings.parse_memory_bytes,
            output_bytes=settings.parse_output_bytes,
            directory=Path(order.output).parent,
            on_line=watch,
        )
    except child.ChildError as error:
        if error.returncode == REFUSED:
            raise _refusal(Path(order.output)) from error
        about = {"exit_status": error.returncode, "media_type": order.media_type, "page": watch.page}
        logs.warning("Parser failed", reason=error.reason, **about)
        raise


def _rest_as_gaps(order: Order, reason: child.Reason) -> list[Page | Gap]:
    """What was read before the parser ended, and a gap for every other page; raises DocumentError if that is all."""
    items = _read(order.output)
    if not any(isinstance(item, Page) for item in items):
        raise DocumentError(*FAILURES[reason])
    known = {item.number if isinstance(item, Page) else item.page for item in items}
    return [*items, *(Gap(page, PAGE_FAILURES[reason]) for page in order.pages if page not in known)]


def _refusal(output: Path) -> DocumentError:
    last = output.read_text("utf-8").splitlines()[-1]
    return DocumentError(**json.loads(last)["Refusal"])


def _read(output: str) -> list[Page | Gap]:
    path = Path(output)
    if not path.exists():  # the parser did not get as far
        return []
    with path.open(encoding="utf-8") as lines:
        return list(from_json(lines))
