"""Repairs to extracted text: ligatures, accents set apart, control characters, words hyphenated at line ends. Pure."""

import re
import unicodedata
from collections.abc import Iterable

HYPHEN = "\ufffe"  #: where pdfium has joined a word that was divided at a line end
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
#: Spacing accents that TeX fonts put before their letter, and the combining forms
_ACCENTS = {"´": "\u0301", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "˚": "\u030a", "ˇ": "\u030c", "˘": "\u0306"}
_ACCENTED = re.compile(f"([{''.join(_ACCENTS)}])([A-Za-zı])")
_CONTROL = dict.fromkeys([*range(9), *range(0x0E, 0x20), 0x7F, 0xAD, 0xFEFF, 0xFFFF])
_BLANKS = {0xA0: " ", 0x0B: " ", 0x0C: " ", 0x09: " ", 0x2028: "\n", 0x2029: "\n"}
_TABLE = {**_LIGATURES, **_CONTROL, **_BLANKS}
_DIVIDED = re.compile(rf"(\w+){HYPHEN}(\w+)")
_WORDS = re.compile(r"\w+(?:-\w+)*")


def clean(text: str) -> str:
    """Text with ligatures resolved, accents on their letters and without control characters.

    Form feeds become blanks: they separate the pages of a part.
    """
    text = text.translate(_TABLE)
    return _ACCENTED.sub(_compose, text)


def _compose(match: re.Match[str]) -> str:
    letter = "i" if match[2] == "ı" else match[2]
    composed = unicodedata.normalize("NFC", letter + _ACCENTS[match[1]])
    return composed if len(composed) == 1 else match[0]


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words of the texts, hyphenated compounds whole, in lower case."""
    return frozenset(word.lower() for text in texts for word in _WORDS.findall(text))


def join_divided(text: str, known: frozenset[str]) -> str:
    """Words divided at a line end made whole; the hyphen stays where only the hyphenated word is ``known``."""

    def whole(match: re.Match[str]) -> str:
        plain, compound = match[1] + match[2], f"{match[1]}-{match[2]}"
        return compound if compound.lower() in known and plain.lower() not in known else plain

    return _DIVIDED.sub(whole, text).replace(HYPHEN, "-")


_DIVIDED_AT_LINE_END = re.compile(r"(\w)-\n(?=[^\W\d_A-Z])")
_LINE_WITHIN_PARAGRAPH = re.compile(r"(?<=\S)[ \t]*\n(?=\S)")
_PARAGRAPH_END = re.compile(r"\s*\n\s*\n\s*")


def paragraphs(text: str) -> str:
    """Text in printed lines, as OCR gives it, with its lines joined to paragraphs and divided words made whole."""
    joined = _DIVIDED_AT_LINE_END.sub(r"\1", clean(text.replace("\f", "\n\n")))
    blocks = (_LINE_WITHIN_PARAGRAPH.sub(" ", block).strip() for block in _PARAGRAPH_END.split(joined))
    return "\n\n".join(block for block in blocks if block)
