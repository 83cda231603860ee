"""Extract: a file to the text of its pages, parsed in a child process with limits."""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
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


def extract(
    path: Path, media_type: str, pages: tuple[int, int], settings: Settings, progress: Callable[[int], None]
) -> Extraction:
    """The text of a PDF from the first to the last of ``pages``, of all pages of any other file.

    ``progress`` is called with the number of pages done. A page that cannot be read becomes a gap.
    Raises DocumentError: ``corrupt``, ``encrypted``, ``unsupported_type``, ``too_large_when_unpacked``,
    ``parse_timeout``, ``parse_memory``, or ``no_text`` when there is neither text nor a gap.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "pages.jsonl")
        order = Order(
            path=str(path.resolve()),
            media_type=media_type,
            first_page=pages[0],
            last_page=pages[1],
            output=str(output),
            ocr_languages=settings.ocr_languages,
            ocr_workers=settings.ocr_workers or os.cpu_count() or 1,
        )
        seen: set[int] = set()

        def count(line: str) -> None:
            seen.add(int(line))
            progress(len(seen))

        _run(order, Path(folder), settings, count)
        items = _read(output)
    read = tuple(item for item in items if isinstance(item, Page))
    gaps = tuple(item for item in items if isinstance(item, Gap))
    if not gaps and not any(page.text.strip() for page in read):
        raise DocumentError("no_text", "No text was found in the document.")
    return Extraction(read, gaps)


def _run(order: Order, folder: Path, settings: Settings, on_line: Callable[[str], None]) -> None:
    try:
        child.run(
            ["-m", "rag.extract_child", json.dumps(asdict(order))],
            timeout_seconds=settings.parse_timeout_seconds,
            memory_bytes=settings.parse_memory_bytes,
            output_bytes=settings.parse_output_bytes,
            directory=folder,
            on_line=on_line,
        )
    except child.ChildError as error:
        if error.returncode == REFUSED:
            raise _refusal(Path(order.output)) from error
        logs.warning("Parser failed", reason=error.reason, exit_status=error.returncode, media_type=order.media_type)
        code, message = FAILURES[error.reason]
        raise DocumentError(code, message) from error


def _refusal(output: Path) -> DocumentError:
    last = output.read_text("utf-8").splitlines()[-1]
    return DocumentError(**json.loads(last)["Refusal"])


def _read(output: Path) -> list[Page | Gap]:
    with output.open(encoding="utf-8") as lines:
        return list(from_json(lines))
