"""Which words of a picture's reading are words: icons, rules and the texture of photographs read like letters. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from rag.ocr_words import Reading, ReadWord

LEAST_CONFIDENCE = 30.0  #: of a word; below, its letters are invented
LINE_CONFIDENCE = 60.0  #: of a line's letters in the middle
SHORT_LINE_CONFIDENCE = 80.0  #: of a line of fewer than LETTERS_OF_A_LINE
LETTERS_OF_A_LINE = 4
LETTER_SHARE = 0.5  #: of a line's characters that are letters or digits
_VOWEL = re.compile(r"[aeiouyаеёиоуыэюяіїєαεηιουω]", re.IGNORECASE)
_LATIN_OR_CYRILLIC = re.compile(r"^[a-zа-яёіїєґ]+$", re.IGNORECASE)


def without_noise(reading: Reading) -> Reading:
    """The reading without lines, and without words at the ends of lines, that are not likely text."""
    return replace(reading, words=tuple(believed(reading.words)))


def believed(words: Iterable[ReadWord]) -> Iterator[ReadWord]:
    """The words that are likely text, in their order."""
    for _, line in groupby(words, key=lambda word: (word.paragraph, word.line)):
        kept = [word for word in line if word.confidence >= LEAST_CONFIDENCE]
        if _is_text(kept):
            yield from kept


def _is_text(line: Sequence[ReadWord]) -> bool:
    characters = "".join(word.text for word in line)
    letters = sum(map(str.isalnum, characters))
    if not letters or letters < LETTER_SHARE * len(characters):
        return False
    confidence = sum(word.confidence * len(word.text) for word in line) / len(characters)
    few = letters < LETTERS_OF_A_LINE
    return confidence >= (SHORT_LINE_CONFIDENCE if few else LINE_CONFIDENCE) and any(map(plausible, line))


def resembles_text(word: ReadWord) -> bool:
    """Whether a word that may be misread is one at all: several letters, and not the least certain."""
    return word.confidence >= LEAST_CONFIDENCE and sum(map(str.isalnum, word.text)) >= LETTERS_OF_A_LINE


def plausible(word: ReadWord) -> bool:
    """Whether a word looks like one: a number, or letters among which there is a vowel, or an abbreviation."""
    core = "".join(filter(str.isalnum, word.text))
    if not core:
        return False
    if core.isdigit() or not _LATIN_OR_CYRILLIC.match(core):
        return True
    return bool(_VOWEL.search(core)) or (core.isupper() and 2 <= len(core) <= 5)
