"""Reading: the text in pictures by OCR, in a child process with limits."""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from core import child, logs
from core.settings import Settings
from rag.picture_child import CONTEXT, ReadingOrder

Done = Callable[[str, str | None], None]


def read_by_ocr(
    folder: Path, files: Sequence[str], context: str, settings: Settings, *, done: Done, tick: Callable[[], None]
) -> None:
    """Read copies of pictures; ``done`` is called with each and its text, or None where it could not be read.

    ``context`` is text of the document, by which the language is told where the settings leave it open.

    ``tick`` is called about every second meanwhile; whatever the two raise ends the reading and rises. When it ends
    early, as by a picture that it does not survive, the rest is not done and the log says so.
    """
    read = 0
    failures: Counter[str] = Counter()

    def note(line: str) -> None:
        nonlocal read
        answer = json.loads(line)
        if "failure" in answer:
            failures[answer["failure"]] += 1
        else:
            read += 1
        done(answer["file"], answer.get("text"))

    if not files:
        return
    (folder / CONTEXT).write_text(context, "utf-8", "replace")
    workers = settings.ocr_workers or os.cpu_count() or 1
    order = ReadingOrder(str(folder), list(files), settings.ocr_languages, workers)
    try:
        child.run(
            ["-m", "rag.picture_child", "read", json.dumps(asdict(order))],
            timeout_seconds=settings.picture_timeout_seconds,
            memory_bytes=settings.parse_memory_bytes,
            output_bytes=settings.parse_output_bytes,
            directory=folder,
            on_line=note,
            tick=tick,
        )
    except child.ChildError as error:
        missing = len(files) - read
        logs.warning("Reading pictures failed", reason=error.reason, exit_status=error.returncode, pictures=missing)
    for failure, count in failures.items():
        logs.warning("Pictures could not be read", reason=failure, pictures=count)
