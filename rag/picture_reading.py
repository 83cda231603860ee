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


def read_by_ocr(
    folder: Path, files: Sequence[str], context: str, settings: Settings, done: Callable[[str], None]
) -> dict[str, str]:
    """The text of each copy that could be read; ``done`` is called with each as it is.

    ``context`` is text of the document, by which the language is told where the settings leave it open.

    When the reading ends early, as by a picture that it does not survive, the rest is missing and the log says so.
    """
    texts: dict[str, str] = {}
    failures: Counter[str] = Counter()

    def note(line: str) -> None:
        answer = json.loads(line)
        if "failure" in answer:
            failures[answer["failure"]] += 1
        else:
            texts[answer["file"]] = answer["text"]
        done(answer["file"])

    if not files:
        return texts
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
        )
    except child.ChildError as error:
        missing = len(files) - len(texts)
        logs.warning("Reading pictures failed", reason=error.reason, exit_status=error.returncode, pictures=missing)
    for failure, count in failures.items():
        logs.warning("Pictures could not be read", reason=failure, pictures=count)
    return texts
