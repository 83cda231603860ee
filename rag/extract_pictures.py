"""The pictures of a PDF's pages, rendered and read by OCR, each merged into the text of its page.

Runs in the child process of ``rag.extract_child``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
from PIL import Image

from core.jobs import Gap
from core.pdf_features import features
from core.routing import SLIDE_SHAPE
from rag import ocr, ocr_merge, pdf_words
from rag.extract_pdf import PlacedPage
from rag.pages import Page

if TYPE_CHECKING:
    from rag.extract_child import Order, Read

FEW_LETTERS = 16  #: a page with fewer may be a picture of text
PICTURE_COVERAGE = 0.1  #: share of a page under images, or
PICTURE_PATHS = 40  #: drawn paths, from which such a page is read by OCR
DOTS_PER_INCH = 300
POINTS_PER_INCH = 72
SLIDE_PIXELS = 6_000_000  #: enough for a slide, whose letters are large whatever size its maker gave it


def choose(document: pdfium.PdfDocument, pages: Sequence[Page], visual: Collection[int]) -> set[int]:
    """The numbers of the pages to read: ``visual`` ones, and those with next to no letters but images or drawings."""
    suspects = [page.number for page in pages if page.number not in visual and _letters(page) < FEW_LETTERS]
    pictures = {
        looked_at.page
        for looked_at in features(document, suspects)
        if looked_at.image_coverage >= PICTURE_COVERAGE or looked_at.paths >= PICTURE_PATHS
    }
    return pictures.union(visual)


def read(
    document: pdfium.PdfDocument, pages: Mapping[int, PlacedPage], order: "Order", at: Callable[[int], None]
) -> "Iterator[Read]":
    """The pages, by number, with what OCR reads on them; where it cannot, a gap, and the page if it has text without.

    Of a page whose picture is to be skipped, the gap is for the caller to add.
    """
    lock = Lock()  # pdfium is not safe to use from two threads

    def picture(number: int) -> Image.Image:
        with lock:
            at(number)
            return _render(document, number)

    yield from ((number, _if_text(pages[number].page)) for number in pages if number in order.skip_pictures)
    numbers = [number for number in pages if number not in order.skip_pictures]
    waiting = [(number, lambda number=number: picture(number)) for number in numbers]
    for found in ocr.read_pictures(waiting, order.ocr_languages, order.ocr_workers):
        if isinstance(found, Gap):
            yield found.page, [*_if_text(pages[found.page].page), found]
            continue
        number, reading = found
        with lock:
            layer, places = pdf_words.read_words(document[number - 1], pages[number].places)
        yield number, [ocr_merge.merged(pages[number].page, places, layer, reading)]


def _letters(page: Page) -> int:
    return sum(map(str.isalnum, page.text))


def _if_text(page: Page) -> list[Page]:
    return [page] if _letters(page) >= FEW_LETTERS else []


def _render(document: pdfium.PdfDocument, number: int) -> Image.Image:
    page = document[number - 1]
    width, height = page.get_size()
    most = SLIDE_PIXELS if width >= SLIDE_SHAPE * height else ocr.MAX_PIXELS
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, (most / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    image: Image.Image = bitmap.to_pil().copy()  # the bitmap's memory goes with it
    bitmap.close()
    page.close()
    return image
