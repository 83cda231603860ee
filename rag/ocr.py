"""OCR: the picture of a page to its words, by tesseract: righted, in the language that it is in, or with the reason."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytesseract
from PIL import Image, ImageOps

from core.disk import is_full
from core.jobs import Gap
from rag import ocr_languages, ocr_noise, ocr_righting
from rag.ocr_righting import Turned
from rag.ocr_words import SECONDS_A_PAGE, Reading, boxes_of, recognise, scaled, underneath

MAX_PIXELS = 40_000_000  #: of a picture that is read; a larger one is scaled down
WHOLE_PAGE, SCATTERED = 3, 11  #: tesseract's segmentation: columns and paragraphs, or words here and there
FULL_PAGE = 150  #: words of a page of text; one with fewer is looked at for scattered words too
SCATTERED_PIXELS = 1_300_000  #: of the picture on which they are looked for
APART = 10_000  #: between the numbers of the two kinds of blocks
FEWEST_LETTERS = 3  #: of a picture with text; fewer are seen in anything
FLAT = 24  #: a picture whose grey values differ less is blank
SURE_OF_SCRIPT = 1.0  #: tesseract's own measure; below it names scripts at random
UNREADABLE_WORDS = 10  #: so many words that resemble text and cannot be believed; fewer are the texture of a picture

Picture = Callable[[], Image.Image]  #: makes the picture when its turn has come, so that few are in memory


class UnreadableError(Exception):
    """The picture holds text that cannot be read; the message is the reason."""


def read_pictures(
    pictures: Iterable[tuple[int, Picture]], languages: str, workers: int
) -> Iterator[tuple[int, Reading] | Gap]:
    """What is read on each page, in their order, or a gap with the reason. A picture without text has no words.

    ``languages``: tesseract's, joined by ``+``, or ``auto``.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting = [(number, pool.submit(_read, picture, languages)) for number, picture in pictures]
        for number, reading in waiting:
            try:
                yield number, reading.result()
            except (UnreadableError, RuntimeError, OSError, ValueError, Image.DecompressionBombError) as error:
                if is_full(error):  # no fault of the page; who started this process is told
                    raise
                yield Gap(number, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, pytesseract.TesseractNotFoundError):
        return "the page is a picture, and no program for reading pictures (tesseract) is installed"
    if isinstance(error, pytesseract.TesseractError) and "traineddata" in error.message:
        return "the page is a picture, and the data of a language that OCR_LANGUAGES names are not installed"
    return f"the picture of the page could not be read ({type(error).__name__})"


def _read(picture: Picture, languages: str) -> Reading:
    image = bounded(picture())
    try:
        low, high = image.getextrema()
        return Reading() if high - low < FLAT else _read_in(image, languages)  # type: ignore[operator]
    finally:
        image.close()


def bounded(image: Image.Image) -> Image.Image:
    """The picture in grey and of at most MAX_PIXELS, as its maker wants it to be looked at."""
    image = ImageOps.exif_transpose(image)
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        factor = (MAX_PIXELS / pixels) ** 0.5
        image = image.resize((max(1, int(image.width * factor)), max(1, int(image.height * factor))))
    return image if image.mode == "L" else image.convert("L")


@dataclass(frozen=True)
class _Attempt:
    """What was read on a picture, turned in one way, in one language."""

    turned: Turned
    languages: str
    reading: Reading


def _read_in(image: Image.Image, languages: str) -> Reading:
    usual = ocr_languages.usual(languages)
    attempt = _read_at(image, 0, usual)
    if attempt.reading.doubtful:
        attempt = _righted(image, attempt, languages)
    elif languages == ocr_languages.AUTO and (other := ocr_languages.of_text(attempt.reading.text, usual)):
        attempt = _surest([attempt, _read_at(image, 0, other)])
    believed = ocr_noise.without_noise(attempt.reading)
    if len(believed.words) < FULL_PAGE:
        believed = _with_scattered(believed, attempt)
    if not believed.words and sum(map(ocr_noise.resembles_text, attempt.reading.words)) >= UNREADABLE_WORDS:
        raise UnreadableError("the page is a picture of text that could not be read")
    return believed if believed.letters >= FEWEST_LETTERS else Reading()


def _read_at(image: Image.Image, quarter: int, languages: str) -> _Attempt:
    """What is read after turning by so many degrees, and further until the lines are level."""
    turn = ocr_righting.turned(image, quarter)
    degrees = ocr_righting.skew(turn.image)
    if degrees:
        turn = ocr_righting.turned(image, quarter + degrees)
    return _Attempt(turn, languages, recognise(turn.image, languages, WHOLE_PAGE, turn.place))


def _with_scattered(believed: Reading, attempt: _Attempt) -> Reading:
    """A reading with the words that stand alone, as in tables and drawings, where the segmentation sees no text.

    They are looked for on a smaller picture: what is blurred at its full size is clear there.
    """
    image, place = attempt.turned.image, attempt.turned.place
    factor = max(1.0, (image.width * image.height / SCATTERED_PIXELS) ** 0.5)
    small = image.resize((max(1, round(image.width / factor)), max(1, round(image.height / factor))))
    scattered = recognise(small, attempt.languages, SCATTERED, lambda box: place(scaled(box, factor)))
    boxes = boxes_of(word.box for word in believed.words)  # (n, 4)
    others = [
        replace(word, paragraph=(word.paragraph[0] + APART, word.paragraph[1]))
        for word in scattered.words
        if underneath(word.box, boxes) is None
    ]
    small.close()
    return Reading((*believed.words, *ocr_noise.believed(others)))


def _surest(attempts: Iterable[_Attempt]) -> _Attempt:
    return max(attempts, key=lambda attempt: attempt.reading.confidence)


def _righted(image: Image.Image, upright: _Attempt, setting: str) -> _Attempt:
    """The best reading of a picture that may lie on a side, or be in another script.

    The orientation is tesseract's, or for want of its data or of characters the one in which letters are surest.
    Raises UnreadableError for a script that is not set or not installed: its letters would be invented.
    """
    try:
        found = pytesseract.image_to_osd(image, timeout=SECONDS_A_PAGE, output_type=pytesseract.Output.DICT)
    except pytesseract.TesseractError:
        return _tried(image, upright)
    quarter, script = int(found["orientation"]), str(found["script"])  # degrees counter-clockwise
    needed = ocr_languages.needed(script)
    if needed and found["script_conf"] >= SURE_OF_SCRIPT and not needed & set(upright.languages.split("+")):
        return _surest(_read_at(image, quarter, language) for language in _languages(script, setting))
    return _surest([upright, _read_at(image, quarter, upright.languages)]) if quarter else upright


def _languages(script: str, setting: str) -> list[str]:
    """What a page in another script than the usual is read in; raises UnreadableError when there is nothing."""
    if setting != ocr_languages.AUTO:
        raise UnreadableError(f"the page is a picture in {script} script, which OCR_LANGUAGES does not cover")
    languages = ocr_languages.of_script(script)
    if not languages:
        raise UnreadableError(f"the page is a picture in {script} script, of which no language data are installed")
    return languages


def _tried(image: Image.Image, upright: _Attempt) -> _Attempt:
    best = upright
    for quarter in ocr_righting.QUARTERS[1:]:
        best = _surest([best, _read_at(image, quarter, upright.languages)])
        if not best.reading.doubtful:
            break
    return best
