"""Terms: the words of a text as BM25 counts them.

Unicode words in lower case after NFKC, reduced to their Snowball stem in the text's language; scripts that do not put
spaces between words give overlapping character n-grams. Short words and numbers survive: "AI", "Q3", "R2", "C++".
Stop words are left out, but not when written in capitals: "IT" and "WHO" are names.
"""

import re
import unicodedata
from functools import cache
from hashlib import blake2b

import Stemmer

from rag.stop_words import STOP_WORDS

#: Snowball algorithms by ISO 639-1 code; a language that is not here keeps its words as they are.
STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}

#: Han, kana and Hangul: two neighbouring characters are about a word.
_IDEOGRAPHIC = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u31ff\u3400-\u9fff\uac00-\ud7ff\uf900-\ufaff"
)
_IDEOGRAPHIC += "\U00020000-\U0003ffff"
#: Thai, Lao, Myanmar and Khmer: alphabets, so a word needs more characters.
_ALPHABETIC = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
RUNS = re.compile(f"(?P<two>[{_IDEOGRAPHIC}]+)|(?P<three>[{_ALPHABETIC}]+)|(?P<word>[^{_IDEOGRAPHIC}{_ALPHABETIC}]+)")
_SIGNED = re.compile(r"[^+#]+(?:\+\+|#)?(?![^+#])|[^+#]+")


class _WordCharacters(dict[int, str]):
    """A table for str.translate: letters, marks and digits stay, as do the signs of C++ and C#; the rest is a space.

    Marks are vowels in many scripts, which is why ``\\w`` would cut Hindi words into pieces.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = unicodedata.category(character)[0] in "LMN" or character in "+#"
        self[code] = character if kept else " "
        return self[code]


WORD_CHARACTERS = _WordCharacters()


def terms(text: str, language: str) -> list[str]:
    """The terms of a text in order, with repeats; ``language`` is an ISO 639-1 code."""
    found: list[str] = []
    for written in content_words(text, language):
        word = _lower(written, language)
        if word.isascii() and word.isalnum():
            found.append(word)
        else:
            found += _pieces(word)
    algorithm = STEMMERS.get(language)
    return _stemmer(algorithm).stemWords(found) if algorithm else found


def content_words(text: str, language: str) -> list[str]:
    """The words of a text as they are written, without the stop words of a language."""
    words = unicodedata.normalize("NFKC", text).translate(WORD_CHARACTERS).split()
    stop_words = STOP_WORDS.get(language)
    if not stop_words:
        return words
    return [word for word in words if _lower(word, language) not in stop_words or (len(word) > 1 and word.isupper())]


def term_hash(term: str) -> int:
    """A signed 64-bit hash that is the same on every machine and in every year."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)


def _lower(word: str, language: str) -> str:
    """A word in lower case; Turkish has two letters i, which lower() does not know."""
    if language == "tr":
        word = word.replace("I", "ı").replace("İ", "i")
    return word.lower()


def _pieces(word: str) -> list[str]:
    """The terms of a word that is not plain ASCII letters and digits."""
    pieces: list[str] = []
    for run in RUNS.finditer(word):
        if run["word"]:
            pieces += _SIGNED.findall(run["word"])
        else:
            pieces += _n_grams(run.group(), 2 if run["two"] else 3)
    return pieces


def _n_grams(run: str, length: int) -> list[str]:
    """Overlapping n-grams of a run of characters; a shorter run is one term."""
    return [run[start : start + length] for start in range(max(1, len(run) - length + 1))]


@cache
def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(algorithm)
