"""OCR: pictures of pages to text, by tesseract, several pages at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytesseract
from PIL import Image

from core.jobs import Gap
from rag import cleanup
from rag.pages import Page

MAX_PIXELS = 40_000_000  #: of a picture that is read; a larger one is scaled down
SECONDS_A_PAGE = 120
#: Automatic segmentation that rights pages lying on their side, and without that for want of the data
SEGMENTATION = ("--psm 1", "--psm 3")

Picture = Callable[[], Image.Image]  #: makes the picture when its turn has come, so that few are in memory


def read_pictures(
    pictures: Iterable[tuple[int, Picture]], languages: str, workers: int, done: Callable[[int], None]
) -> Iterator[Page | Gap]:
    """The text of each page, in their order, or a gap with the reason; ``done`` is told each page's number."""
    with ThreadPoolExecutor(workers) as pool:
        waiting = [(number, pool.submit(_read, picture, languages)) for number, picture in pictures]
        for number, reading in waiting:
            try:
                yield Page(number, reading.result(), "ocr")
            except (
                pytesseract.TesseractError,
                RuntimeError,
                OSError,
                ValueError,
                Image.DecompressionBombError,
            ) as error:
                yield Gap(number, f"the picture of the page could not be read ({type(error).__name__})")
            done(number)


def _read(picture: Picture, languages: str) -> str:
    image = _bounded(picture())
    try:
        return _recognise(image, languages)
    finally:
        image.close()


def _bounded(image: Image.Image) -> Image.Image:
    """The picture in grey and of at most MAX_PIXELS."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        factor = (MAX_PIXELS / pixels) ** 0.5
        image = image.resize((max(1, int(image.width * factor)), max(1, int(image.height * factor))))
    return image if image.mode == "L" else image.convert("L")


def _recognise(image: Image.Image, languages: str) -> str:
    for config in SEGMENTATION:
        try:
            text = pytesseract.image_to_string(image, lang=languages, config=config, timeout=SECONDS_A_PAGE)
        except pytesseract.TesseractError:
            if config == SEGMENTATION[-1]:
                raise
            continue  # the orientation data is missing, or there are too few characters to tell the orientation
        return cleanup.paragraphs(text)
    raise AssertionError("unreachable")
