"""Read the text in a picture by tesseract: labels, legends and cells, where no line is like the next."""

import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytesseract
from PIL import Image

from rag import ocr_languages

FAILURES = (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, RuntimeError, OSError, ValueError)
SECONDS = 60  #: for one picture
SMALL = 900  #: pixels of the longer side below which a picture is enlarged: small print has too few pixels to tell
SURE = 55.0  #: confidence in percent from which a word counts; strokes of a drawing read as letters have less
#: Text anywhere in the picture, in no order: axes and boxes are no paragraphs
SEGMENTATION = "--psm 11"


#: The first word of a letter's Unicode name -> the script as tesseract names it
_SCRIPTS = {"CJK": "Han", "HANGUL": "Hangul", "HIRAGANA": "Hiragana", "KATAKANA": "Katakana", "CYRILLIC": "Cyrillic"}
_KANA = {"HIRAGANA", "KATAKANA"}
NOTABLE = 0.2  #: share of a document's letters from which its pictures are expected in a script


def languages_for(setting: str, text: str) -> str:
    """The languages, in tesseract's form, in which pictures are read that stand in this text."""
    if setting != ocr_languages.AUTO:
        return setting
    scripts = Counter(unicodedata.name(letter, " ").split(" ")[0] for letter in text if letter.isalpha())
    notable = [script for script, count in scripts.most_common() if count >= NOTABLE * scripts.total()]
    kana = [script for script in notable if script in _KANA]  # beside Chinese characters they mean Japanese
    for script in [*kana, *notable]:
        if languages := ocr_languages.of_script(_SCRIPTS.get(script, script.capitalize())):
            return languages[0]
    usual = ocr_languages.usual(setting)
    return ocr_languages.of_text(text, usual) or usual


def text_of(path: Path, languages: str) -> str:
    """The lines of text in a picture, each as far as its words were read with confidence; empty without any.

    Raises one of FAILURES when it cannot be read.
    """
    with Image.open(path) as opened:
        image = opened.convert("L")
    factor = SMALL / max(image.size)
    if factor > 1:
        enlarged = (max(1, round(image.width * min(factor, 3))), max(1, round(image.height * min(factor, 3))))
        image = image.resize(enlarged, Image.Resampling.LANCZOS)
    table = pytesseract.image_to_data(
        image, languages, config=SEGMENTATION, timeout=SECONDS, output_type=pytesseract.Output.DICT
    )
    return "\n".join(_lines(table))


def _lines(table: dict[str, list[Any]]) -> list[str]:
    lines: dict[tuple[int, int, int], list[str]] = {}
    for index, word in enumerate(table["text"]):
        if word.strip() and float(table["conf"][index]) >= SURE:
            place = (table["block_num"][index], table["par_num"][index], table["line_num"][index])
            lines.setdefault(place, []).append(word.strip())
    joined = (" ".join(words) for words in lines.values())
    return [line for line in joined if any(map(str.isalnum, line))]
