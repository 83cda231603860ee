"""The child process in which a document's pictures are found, and the one in which they are read.

Find: candidates as JSON lines into a file, a copy of each picture worth a look into the same folder. Its stdout says
``at N`` before it touches page N of a PDF, or picture N of another file, so that it is known what it did not survive.
Read: the text of each copy by OCR, or the name of what prevented it, as JSON lines to stdout.

Started by ``rag.picture_search`` and ``rag.picture_reading`` through ``core.child``:
``python -m rag.picture_child find|read ORDER``.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.disk import is_full
from core.media_types import PDF
from rag.picture_candidates import Candidate, to_json

if TYPE_CHECKING:
    from rag.picture_files import Copies

OUTPUT = "candidates.jsonl"
CONTEXT = "context.txt"  #: text of the document, by which the language of its pictures is told
MAX_CANDIDATES = 5_000  #: of one search
MAX_COPIES_BYTES = 300_000_000  #: of all copies together


@dataclass(frozen=True)
class SearchOrder:
    """Find the pictures of a document."""

    path: str
    media_type: str
    pages: Sequence[int]  #: of a PDF, ascending
    folder: str
    after: int = 0  #: pages or pictures up to this number are left alone


@dataclass(frozen=True)
class ReadingOrder:
    """Read copies of pictures; the folder holds CONTEXT as well."""

    folder: str
    files: Sequence[str]
    languages: str
    workers: int


def find(order: SearchOrder, copies: "Copies", at: Callable[[int], None]) -> Iterator[Candidate]:
    """The candidates of a document; ``at`` is told each page or picture before it is touched."""
    if order.media_type == PDF:
        return _in_pdf(order, copies, at)
    if order.media_type == "text/html":
        from rag import picture_html  # noqa: PLC0415

        return picture_html.find(Path(order.path), copies, at, order.after)
    from rag import picture_office  # noqa: PLC0415

    return picture_office.find(Path(order.path), order.media_type, copies, at, order.after)


def _in_pdf(order: SearchOrder, copies: "Copies", at: Callable[[int], None]) -> Iterator[Candidate]:
    import pypdfium2 as pdfium  # noqa: PLC0415

    from core.pdf_features import open_pdf  # noqa: PLC0415  only a PDF needs the library
    from rag import picture_pdf  # noqa: PLC0415

    with Path(order.path).open("rb") as file:
        document = open_pdf(file)
        for number in order.pages:
            if order.after < number <= len(document):
                at(number)
                try:
                    yield from picture_pdf.find(document, number, copies)
                except pdfium.PdfiumError:
                    continue  # the page is damaged; extraction has said so
        document.close()


def _search(order: SearchOrder) -> None:
    from rag.picture_files import Copies  # noqa: PLC0415  reading needs none of it

    folder = Path(order.folder)
    copies = Copies(folder)
    with (folder / OUTPUT).open("a", encoding="utf-8") as output:
        for count, candidate in enumerate(find(order, copies, _say)):
            output.write(to_json(candidate) + "\n")
            output.flush()
            if count >= MAX_CANDIDATES or copies.size > MAX_COPIES_BYTES:
                break


def _say(number: int) -> None:
    sys.stdout.write(f"at {number}\n")
    sys.stdout.flush()


def _read(order: ReadingOrder) -> None:
    from rag.picture_ocr import FAILURES, languages_for, text_of  # noqa: PLC0415  the search needs none of it

    languages = languages_for(order.languages, Path(order.folder, CONTEXT).read_text("utf-8"))

    def answer(file: str) -> dict[str, str]:
        try:
            return {"file": file, "text": text_of(Path(order.folder, file), languages)}
        except FAILURES as error:  # this picture's alone, or of all, as when a language is missing: the log tells
            if is_full(error):  # no fault of the picture; who started this process is told
                raise
            return {"file": file, "failure": type(error).__name__}

    with ThreadPoolExecutor(order.workers) as pool:
        for line in pool.map(answer, order.files):
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def main() -> int:
    """Carry out the order in the arguments; answers the exit status."""
    if sys.argv[1] == "find":
        _search(SearchOrder(**json.loads(sys.argv[2])))
    else:
        _read(ReadingOrder(**json.loads(sys.argv[2])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
