"""The child process in which a file is parsed: pages and gaps as JSON lines into a file, progress to stdout.

Its stdout says ``at N`` before it touches page N of a PDF, so that it is known which page it did not survive, and
``done N`` once the page is written.

Started by ``rag.extract`` through ``core.child``, which limits what it may use: ``python -m rag.extract_child ORDER``.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DocumentError
from core.jobs import Gap
from core.media_types import PDF
from rag.pages import Page, to_json

if TYPE_CHECKING:
    import pypdfium2 as pdfium
    from PIL.Image import Image

REFUSED = 65  #: exit status when the document is at fault; the last line of the output then says how
FEW_LETTERS = 16  #: a page with fewer may be a picture of text
PICTURE_COVERAGE = 0.1  #: share of a page under images, or
PICTURE_PATHS = 40  #: drawn paths, from which such a page is read by OCR
CONTEXT_PAGES = 1  #: pages before the part that are looked at for the headings in force
DOTS_PER_INCH = 300
POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Order:
    """What the child is asked to do."""

    path: str
    media_type: str
    first_page: int
    last_page: int
    output: str
    ocr_languages: str
    ocr_workers: int
    skip: Sequence[int] = ()  #: pages of a PDF that are left alone


def extract_pages(order: Order, at: Callable[[int], None]) -> Iterator[Page | Gap]:
    """The pages of the file within the order's range and the gaps among them, as they are ready.

    ``at`` is told each page of a PDF before it is touched.
    """
    if order.media_type == PDF:
        return _pdf_pages(order, at)
    if order.media_type.startswith("image/"):
        return _image_pages(order)
    from rag.convert import convert  # noqa: PLC0415  a PDF needs none of it

    return iter(convert(Path(order.path), order.media_type))


def _pdf_pages(order: Order, at: Callable[[int], None]) -> Iterator[Page | Gap]:
    from core.pdf_features import open_pdf  # noqa: PLC0415  only a PDF needs the library
    from rag import extract_pdf, outline  # noqa: PLC0415

    with Path(order.path).open("rb") as file:
        document = open_pdf(file)
        first = max(1, order.first_page - CONTEXT_PAGES)
        last = min(order.last_page, len(document))
        numbers = [number for number in range(first, last + 1) if number not in order.skip]
        read = list(extract_pdf.read_sheets(document, numbers, at))
        yield from (item for item in read if isinstance(item, Gap) and item.page >= order.first_page)
        sheets = [item for item in read if isinstance(item, extract_pdf.Sheet)]
        pages = extract_pdf.pages_of(sheets, outline.read_outline(document), order.first_page)
        pictures = _pictures(document, pages)
        yield from (page for page in pages if page.number not in pictures)
        if pictures:
            yield from _by_ocr(document, pictures, order, at)
        document.close()


def _pictures(document: "pdfium.PdfDocument", pages: Sequence[Page]) -> set[int]:
    """The numbers of the pages that are pictures: next to no letters, but images or drawings."""
    from core.pdf_features import features  # noqa: PLC0415

    suspects = [page.number for page in pages if sum(map(str.isalnum, page.text)) < FEW_LETTERS]
    return {
        looked_at.page
        for looked_at in features(document, suspects)
        if looked_at.image_coverage >= PICTURE_COVERAGE or looked_at.paths >= PICTURE_PATHS
    }


def _by_ocr(
    document: "pdfium.PdfDocument", pictures: set[int], order: Order, at: Callable[[int], None]
) -> Iterator[Page | Gap]:
    from threading import Lock  # noqa: PLC0415  most documents need none of it

    from rag import ocr  # noqa: PLC0415

    lock = Lock()  # pdfium is not safe to use from two threads

    def picture(number: int) -> "Image":
        with lock:
            at(number)
            return _render(document, number)

    waiting = [(number, lambda number=number: picture(number)) for number in sorted(pictures)]
    return ocr.read_pictures(waiting, order.ocr_languages, order.ocr_workers)


def _render(document: "pdfium.PdfDocument", number: int) -> "Image":
    from rag.ocr import MAX_PIXELS  # noqa: PLC0415

    page = document[number - 1]
    width, height = page.get_size()
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, (MAX_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    image: Image = bitmap.to_pil().copy()  # the bitmap's memory goes with it
    bitmap.close()
    page.close()
    return image


def _image_pages(order: Order) -> Iterator[Page | Gap]:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  only pictures need the library

    from rag import ocr  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = 4 * ocr.MAX_PIXELS  # Pillow refuses twice as many
    try:
        with Image.open(order.path) as opened:
            frames = getattr(opened, "n_frames", 1) if order.media_type == "image/tiff" else 1
            opened.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DocumentError("corrupt", "The picture is damaged and cannot be read.") from error
    except Image.DecompressionBombError as error:
        raise DocumentError("too_large_when_unpacked", "The picture has too many pixels.") from error

    def frame(index: int) -> "Image.Image":
        with Image.open(order.path) as image:
            image.seek(index)
            return image.convert("L")

    waiting = [(index + 1, lambda index=index: frame(index)) for index in range(frames)]
    return ocr.read_pictures(waiting, order.ocr_languages, order.ocr_workers)


def main() -> int:
    """Carry out the order in the first argument; answers the exit status."""
    order = Order(**json.loads(sys.argv[1]))

    def say(word: str, page: int) -> None:
        sys.stdout.write(f"{word} {page}\n")
        sys.stdout.flush()

    with Path(order.output).open("w", encoding="utf-8") as output:
        try:
            for item in extract_pages(order, partial(say, "at")):
                output.write(to_json(item) + "\n")
                output.flush()
                say("done", item.page if isinstance(item, Gap) else item.number)
        except DocumentError as error:
            output.write(json.dumps({"Refusal": {"code": error.code, "message": error.message}}) + "\n")
            return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
