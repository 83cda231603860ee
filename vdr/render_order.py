"""What a renderer's child process is asked to do, and the words in which it answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Program = Literal["poppler", "pdfium", "picture"]
Failure = Literal["damaged", "timeout", "memory", "pixels"]
At = Callable[[int], None]  #: is told a page before it is touched, so that it is known which one was not survived
Drawn = Iterator[tuple[int, Failure | None]]  #: each page when its file is complete, or why there is none

#: What the document's owner is told of a page
FAILURES: dict[Failure, str] = {
    "damaged": "the page is damaged and cannot be shown",
    "timeout": "there was no time left to draw the page",
    "memory": "the page takes too much memory to draw",
    "pixels": "the picture has too many pixels",
}
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Order:
    """Pages to draw, each into a JPEG file of its own in ``folder``."""

    path: str
    program: Program
    pages: Sequence[int]  #: ascending, from 1
    edge: int  #: pixels of the longer side: exactly for a page of a PDF, at most for a picture
    folder: str
    page_seconds: float  #: longest work on one page
    threads: int  #: processes of poppler at a time


def file_of(folder: str, page: int) -> Path:
    """Where the picture of a page is written."""
    return Path(folder, f"{page:06}.jpg")
