"""OCR: pictures of pages to text, by tesseract, several pages at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import pytesseract
from PIL import Image

from core.jobs import Gap
from rag import cleanup
from rag.pages import Page

MAX_PIXELS = 40_000_000  #: of a picture that is read; a larger one is scaled down
SECONDS_A_PAGE = 120
#: Automatic segmentation that rights pages lying on their side, and without that for want of the data
SEGMENTATION = ("--psm 1", "--psm 3")
DOUBTFUL = 75.0  #: mean confidence in percent; readable pages have 90 and more, a page in another script about 60
SURE_OF_SCRIPT = 1.0  #: tesseract's own measure; below it names scripts at random
#: Scripts that tesseract names, with the languages of which one must be set to read them
SCRIPTS = {
    "Arabic": {"ara", "fas", "urd", "pus", "snd", "uig"},
    "Armenian": {"hye"},
    "Bengali": {"ben", "asm"},
    "Cyrillic": {"rus", "ukr", "bel", "bul", "srp", "mkd", "kaz", "kir", "mon", "tgk", "uzb_cyrl"},
    "Devanagari": {"hin", "mar", "nep", "san"},
    "Georgian": {"kat"},
    "Greek": {"ell", "grc"},
    "Han": {"chi_sim", "chi_tra", "jpn"},
    "Hangul": {"kor"},
    "Hebrew": {"heb", "yid"},
    "Hiragana": {"jpn"},
    "Japanese": {"jpn"},
    "Katakana": {"jpn"},
    "Korean": {"kor"},
    "Tamil": {"tam"},
    "Thai": {"tha"},
}

Picture = Callable[[], Image.Image]  #: makes the picture when its turn has come, so that few are in memory


class UnreadableError(Exception):
    """The picture holds text that cannot be read; the message is the reason."""


def read_pictures(pictures: Iterable[tuple[int, Picture]], languages: str, workers: int) -> Iterator[Page | Gap]:
    """The text of each page, in their order, or a gap with the reason."""
    with ThreadPoolExecutor(workers) as pool:
        waiting = [(number, pool.submit(_read, picture, languages)) for number, picture in pictures]
        for number, reading in waiting:
            try:
                yield Page(number, reading.result(), "ocr")
            except (UnreadableError, RuntimeError, OSError, ValueError, Image.DecompressionBombError) as error:
                yield Gap(number, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, pytesseract.TesseractNotFoundError):
        return "the page is a picture, and no program for reading pictures (tesseract) is installed"
    if isinstance(error, pytesseract.TesseractError) and "traineddata" in error.message:
        return "the page is a picture, and the data of a language that OCR_LANGUAGES names are not installed"
    return f"the picture of the page could not be read ({type(error).__name__})"


def _read(picture: Picture, languages: str) -> str:
    image = _bounded(picture())
    try:
        words = _recognise(image, languages)
        if words and sum(word["conf"] for word in words) < DOUBTFUL * len(words):
            _check_script(image, languages)
    finally:
        image.close()
    return cleanup.paragraphs(_lines(words))


def _bounded(image: Image.Image) -> Image.Image:
    """The picture in grey and of at most MAX_PIXELS."""
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        factor = (MAX_PIXELS / pixels) ** 0.5
        image = image.resize((max(1, int(image.width * factor)), max(1, int(image.height * factor))))
    return image if image.mode == "L" else image.convert("L")


def _recognise(image: Image.Image, languages: str) -> list[dict[str, Any]]:
    """The words with tesseract's numbers of their block, paragraph and line, and its confidence."""
    for config in SEGMENTATION:
        try:
            table = pytesseract.image_to_data(
                image, languages, config=config, timeout=SECONDS_A_PAGE, output_type=pytesseract.Output.DICT
            )
        except pytesseract.TesseractError:
            if config == SEGMENTATION[-1]:
                raise
            continue  # the orientation data is missing, or there are too few characters to tell the orientation
        rows = (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
        return [row for row in rows if str(row["text"]).strip()]
    raise AssertionError("unreachable")


def _lines(words: Iterable[dict[str, Any]]) -> str:
    """The words in lines, with a blank line between paragraphs."""
    paragraphs = []
    for _, paragraph in groupby(words, key=lambda word: (word["block_num"], word["par_num"])):
        lines = groupby(paragraph, key=lambda word: word["line_num"])
        paragraphs.append("\n".join(" ".join(str(word["text"]) for word in line) for _, line in lines))
    return "\n\n".join(paragraphs)


def _check_script(image: Image.Image, languages: str) -> None:
    """Raises UnreadableError for a script that none of the languages is written in: its letters would be invented."""
    try:
        found = pytesseract.image_to_osd(image, timeout=SECONDS_A_PAGE, output_type=pytesseract.Output.DICT)
    except pytesseract.TesseractError:
        return  # too little text to tell; what was read stays
    needed = SCRIPTS.get(found["script"])
    if needed and found["script_conf"] >= SURE_OF_SCRIPT and not needed & set(languages.split("+")):
        raise UnreadableError(f"the page is a picture in {found['script']} script, which OCR_LANGUAGES does not cover")
