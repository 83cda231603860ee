"""Extract: a file to the text of its pages, parsed in a child process with limits."""

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
from core.progress import OutOfTimeError
from core.settings import Settings
from rag.extract_child import REFUSED, Order
from rag.extract_reading import Reading, request_of
from rag.pages import Extraction, Page, number_of
from rag.stage_outputs import StageOutput

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

Stage = Callable[[dict[str, object]], StageOutput]  #: where to keep what is read of what was asked for


def extract(
    path: Path,
    media_type: str,
    pages: Sequence[int],
    settings: Settings,
    progress: Callable[[int], None],
    *,
    visual: Collection[int] = (),
    stage: Stage | None = None,
) -> Extraction:
    """The text of these pages of a PDF, and of all pages of any other file.

    ``pages`` are numbers from 1, ascending, with or without holes; those after the last page are left out. Of those in
    ``visual`` the whole picture is read by OCR too, and adds what the text layer lacks.
    ``progress`` is called with the number of pages done, at least about every second. What an earlier try has kept at
    ``stage`` is not read again; what is read is kept there now and then while it takes long, at its end, and when
    ``progress`` raises OutOfTimeError. A page that cannot be read becomes a gap, also when the parser does not survive
    it; a page without text is none.
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
        reading = Reading(order, progress, stage(request_of(order)) if stage else None)
        try:
            items = _read_all(order, settings, reading)
        except OutOfTimeError:
            reading.keep()
            raise
        reading.keep_whole(items)
    read = tuple(sorted((item for item in items if isinstance(item, Page)), key=lambda page: page.number))
    gaps = tuple(sorted((item for item in items if isinstance(item, Gap)), key=lambda gap: gap.page))
    if not gaps and not visual and not any(page.text.strip() for page in read):
        raise DocumentError("no_text", "No text was found in the document.")
    pictures = media_type.startswith("image/")
    return Extraction(tuple(replace(page, apart=pictures or page.number in visual) for page in read), gaps)


def _read_all(order: Order, settings: Settings, reading: Reading) -> list[Page | Gap]:
    """Run the parser until it ends well, each time without the page that ended it the last time."""
    deadline = time.monotonic() + settings.parse_timeout_seconds
    while not reading.complete:
        rest = replace(order, skip=reading.fatal("at"), skip_pictures=reading.fatal("picture"), known=reading.known)
        try:
            _run(rest, settings, deadline - time.monotonic(), reading)
        except child.ChildError as error:
            if error.reason != "timeout" and reading.page is not None and reading.losses < MAX_FATAL_PAGES:
                reading.note_loss(PAGE_FAILURES[error.reason])
                continue
            return _rest_as_gaps(order, error.reason, reading.read())
        break
    return reading.all()


def _run(order: Order, settings: Settings, seconds: float, reading: Reading) -> None:
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
            on_line=reading,
            tick=reading.tick,
        )
    except child.ChildError as error:
        if error.returncode == REFUSED:
            raise _refusal(Path(order.output)) from error
        about = {"exit_status": error.returncode, "media_type": order.media_type, "page": reading.page}
        logs.warning("Parser failed", reason=error.reason, **about)
        raise


def _rest_as_gaps(order: Order, reason: child.Reason, items: list[Page | Gap]) -> list[Page | Gap]:
    """What was read before the parser ended, and a gap for every other page; raises DocumentError if that is all."""
    if not any(isinstance(item, Page) for item in items):
        raise DocumentError(*FAILURES[reason])
    known = set(map(number_of, items))
    return [*items, *(Gap(page, PAGE_FAILURES[reason]) for page in order.pages if page not in known)]


def _refusal(output: Path) -> DocumentError:
    last = output.read_text("utf-8").splitlines()[-1]
    return DocumentError(**json.loads(last)["Refusal"])
