"""Runs where the disk is small: reads or draws a file as a worker does, and prints what it came to.

``python -m tests.outages.small_disk read|draw FILE MEDIA_TYPE``; TMPDIR is on the small disk.
"""

import sys
from pathlib import Path

from core.errors import DocumentError, TransientError
from core.settings import Settings


def main() -> None:
    """Do it; the last line of stdout is the outcome."""
    action, path, media_type = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    try:
        outcome = _read(path, media_type) if action == "read" else _draw(path, media_type)
    except TransientError as error:
        outcome = f"transient: {error}"
    except DocumentError as error:
        outcome = f"document: {error.code}"
    except OSError as error:
        outcome = f"raised: {error.errno}"
    print(outcome)  # noqa: T201


def _read(path: Path, media_type: str) -> str:
    from rag.extract import extract  # noqa: PLC0415

    extraction = extract(path, media_type, [1], Settings(ocr_workers=1), lambda done: None)
    return f"read: {len(extraction.pages)} pages, {len(extraction.gaps)} gaps"


def _draw(path: Path, media_type: str) -> str:
    from vdr.render import RenderedPage, page_renderer  # noqa: PLC0415

    drawn = list(page_renderer(Settings()).render(path, media_type, [1], 1600))
    return f"drawn: {sum(isinstance(item, RenderedPage) for item in drawn)} pages"


if __name__ == "__main__":
    main()
