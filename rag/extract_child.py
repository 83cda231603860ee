"""The child process in which a file is parsed: pages and gaps as JSON lines into a file, progress to stdout.

Its stdout says ``at N`` before it touches page N of a PDF and ``picture N`` before it reads the picture of that page,
so that it is known what it did not survive, and ``done N`` once all that is known of the page is written.

Started by ``rag.extract`` through ``core.child``, which limits what it may use: ``python -m rag.extract_child ORDER``.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import DocumentError
from core.jobs import Gap
from core.media_types import PDF
from rag.pages import Page, to_json

REFUSED = 65  #: exit status when the document is at fault; the last line of the output then says how
CONTEXT_PAGES = 1  #: pages before a run of pages that are looked at for the headings in force


@dataclass(frozen=True)
class Order:
    """What the child is asked to do."""

    path: str
    media_type: str
    pages: Sequence[int]  #: of a PDF; ascending
    visual: Sequence[int]  #: those of them that OCR reads whatever their text layer says
    output: str
    ocr_languages: str
    ocr_workers: int
    skip: Sequence[int] = ()  #: pages of a PDF that are left alone
    skip_pictures: Sequence[int] = ()  #: those of which only the text layer is read
    known: Sequence[int] = ()  #: pages that were read before; they only tell about the others


Watcher = Callable[[int], None]  #: is told the number of a page
Read = tuple[int, Sequence[Page | Gap]]  #: a page's number, and what is known of the page


def extract_pages(order: Order, at: Watcher, at_picture: Watcher) -> Iterator[Read]:
    """The pages of the file that the order names and the gaps among them, as they are ready; known ones may be there.

    ``at`` is told each page of a PDF before it is touched, ``at_picture`` before its picture is.
    """
    if order.media_type == PDF:
        return _pdf_pages(order, at, at_picture)
    if order.media_type.startswith("image/"):
        return _image_pages(order)
    from rag.convert import convert  # noqa: PLC0415  a PDF needs none of it

    return ((page.number, [page]) for page in convert(Path(order.path), order.media_type))


def _pdf_pages(order: Order, at: Watcher, at_picture: Watcher) -> Iterator[Read]:
    from core.pdf_features import open_pdf  # noqa: PLC0415  only a PDF needs the library
    from rag import extract_pdf, extract_pictures, outline  # noqa: PLC0415

    with Path(order.path).open("rb") as file:
        document = open_pdf(file)
        wanted = {number for number in order.pages if number <= len(document)}
        context = {number - before for number in wanted for before in range(1, CONTEXT_PAGES + 1) if number > before}
        numbers = sorted((wanted | context).difference(order.skip))
        read = list(extract_pdf.read_sheets(document, numbers, at))
        yield from ((item.page, [item]) for item in read if isinstance(item, Gap) and item.page in wanted)
        sheets = [item for item in read if isinstance(item, extract_pdf.Sheet)]
        pages = extract_pdf.pages_of(sheets, outline.read_outline(document), wanted)
        pages = [placed for placed in pages if placed.page.number not in order.known]
        pictures = extract_pictures.choose(document, [placed.page for placed in pages], order.visual)
        waiting = {placed.page.number: placed for placed in pages if placed.page.number in pictures}
        yield from ((placed.page.number, [placed.page]) for placed in pages if placed.page.number not in waiting)
        yield from extract_pictures.read(document, waiting, order, at_picture)
        document.close()


def _image_pages(order: Order) -> Iterator[Read]:
    from rag import ocr, ocr_merge, picture_frames  # noqa: PLC0415  only pictures need the library

    waiting = picture_frames.frames(Path(order.path), order.media_type)
    waiting = [(number, picture) for number, picture in waiting if number not in order.known]
    for found in ocr.read_pictures(waiting, order.ocr_languages, order.ocr_workers):
        yield (found.page, [found]) if isinstance(found, Gap) else (found[0], [ocr_merge.of_picture(*found)])


def main() -> int:
    """Carry out the order in the file that the first argument names; answers the exit status."""
    order = Order(**json.loads(Path(sys.argv[1]).read_text("utf-8")))

    def say(word: str, page: int) -> None:
        sys.stdout.write(f"{word} {page}\n")
        sys.stdout.flush()

    with Path(order.output).open("w", encoding="utf-8") as output:
        try:
            for number, items in extract_pages(order, partial(say, "at"), partial(say, "picture")):
                if number in order.known:
                    continue
                output.writelines(to_json(item) + "\n" for item in items)
                output.flush()
                say("done", number)
        except DocumentError as error:
            output.write(json.dumps({"Refusal": {"code": error.code, "message": error.message}}) + "\n")
            return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
