"""What tesseract read on a picture: words with their place, their certainty, and the lines and paragraphs they form."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pytesseract
from numpy.typing import NDArray
from PIL import Image

from rag import cleanup
from rag.pages import Word

SECONDS_A_PAGE = 120
HANDED_OVER_AS = "PPM"  #: to tesseract: to compress a page as PNG takes as long as to read a slide
DOUBTFUL = 75.0  #: confidence in percent; readable pages have 90 and more, a wrong script about 60 and lying ones 30
COVERED = 0.4  #: share of a word's box under others from which it is one of those
MARGIN = 0.25  #: of a word's height, by which a box is widened: fonts' boxes are tight
DECIMALS = 4  #: of a box: a tenth of a pixel of a common screen

Box = tuple[float, float, float, float]  #: left, top, right, bottom
Place = Callable[[Box], Box]  #: a box in pixels of the picture that was read to parts of the page's picture


@dataclass(frozen=True)
class ReadWord:
    """A word as read."""

    text: str
    confidence: float  #: tesseract's, 0 to 100
    paragraph: tuple[int, int]  #: its block's number and its own
    line: int  #: number within the paragraph
    box: Box  #: in parts of the page's width and height, from the upper left corner

    def kept(self) -> Word:
        """What is kept of it."""
        return Word(self.text, *(round(edge, DECIMALS) for edge in self.box))


@dataclass(frozen=True)
class Reading:
    """The words of a picture in reading order."""

    words: tuple[ReadWord, ...] = ()

    @property
    def letters(self) -> int:
        """How many letters and digits were read."""
        return sum(_letters(word) for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean over the letters, 0 to 100; 0 without any."""
        letters = self.letters
        return sum(word.confidence * _letters(word) for word in self.words) / letters if letters else 0.0

    @property
    def doubtful(self) -> bool:
        """Whether what was read may be invented."""
        return self.confidence < DOUBTFUL

    @property
    def text(self) -> str:
        """Its paragraphs, with a blank line between them."""
        return cleanup.paragraphs("\n\n".join(printed(paragraph) for paragraph in paragraphs(self.words)))


def underneath(box: Box, boxes: NDArray[np.float64]) -> int | None:
    """The index of the one of ``boxes`` (n, 4) that shares most with a word's box, if together they cover enough."""
    if not len(boxes):
        return None
    left, top, right, bottom = box
    margin = MARGIN * np.minimum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])  # (n,)
    across = np.minimum(boxes[:, 2] + margin, right) - np.maximum(boxes[:, 0] - margin, left)  # (n,)
    down = np.minimum(boxes[:, 3] + margin, bottom) - np.maximum(boxes[:, 1] - margin, top)  # (n,)
    shared = np.clip(across, 0, None) * np.clip(down, 0, None)  # (n,)
    enough = COVERED * max((right - left) * (bottom - top), 1e-12)
    return int(shared.argmax()) if shared.sum() >= enough else None


def scaled(box: Box, factor: float) -> Box:
    """A box on a picture that is larger by a factor."""
    left, top, right, bottom = box
    return left * factor, top * factor, right * factor, bottom * factor


def boxes_of(boxes: Iterable[Box]) -> NDArray[np.float64]:
    """The boxes as rows (n, 4)."""
    return np.array(list(boxes), np.float64).reshape(-1, 4)


def _letters(word: ReadWord) -> int:
    return sum(map(str.isalnum, word.text))


def paragraphs(words: Iterable[ReadWord]) -> Iterator[list[ReadWord]]:
    """The words of one paragraph after the other."""
    for _, paragraph in groupby(words, key=lambda word: word.paragraph):
        yield list(paragraph)


def printed(words: Sequence[ReadWord]) -> str:
    """A paragraph's words in their lines."""
    return "\n".join(" ".join(word.text for word in line) for _, line in groupby(words, key=lambda word: word.line))


def recognise(image: Image.Image, languages: str, segmentation: int, place: Place) -> Reading:
    """Read a picture that stands upright, with tesseract's page segmentation mode.

    Raises pytesseract.TesseractError, among others when data of a language are missing, and RuntimeError after
    SECONDS_A_PAGE.
    """
    image.format = HANDED_OVER_AS
    table = pytesseract.image_to_data(
        image,
        languages,
        config=f"--psm {segmentation}",
        timeout=SECONDS_A_PAGE,
        output_type=pytesseract.Output.DICT,
    )
    rows = (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
    return Reading(tuple(_word(row, place) for row in rows if str(row["text"]).strip()))


def _word(row: dict[str, Any], place: Place) -> ReadWord:
    left, top = row["left"], row["top"]
    box = place((left, top, left + row["width"], top + row["height"]))
    paragraph = (row["block_num"], row["par_num"])
    return ReadWord(str(row["text"]).strip(), float(row["conf"]), paragraph, row["line_num"], box)
