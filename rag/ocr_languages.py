"""The languages that OCR reads: those that are set, or those that a page's script and text call for (``auto``)."""

from functools import cache

import pytesseract

AUTO = "auto"  #: the setting that leaves it to the page
MOST_TRIED = 4  #: languages of one script that are tried on a page
LATIN = "eng"  #: read when nothing else is known, and beside every other script: names and terms are in Latin letters
#: Scripts that tesseract names, with the languages of which one is needed to read them, the commonest first
SCRIPTS = {
    "Arabic": ("ara", "fas", "urd", "pus", "snd", "uig"),
    "Armenian": ("hye",),
    "Bengali": ("ben", "asm"),
    "Cyrillic": ("rus", "ukr", "bul", "srp", "bel", "mkd", "kaz", "kir", "mon", "tgk", "uzb_cyrl"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Georgian": ("kat",),
    "Greek": ("ell", "grc"),
    "Han": ("chi_sim", "chi_tra", "jpn"),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Hiragana": ("jpn",),
    "Japanese": ("jpn",),
    "Katakana": ("jpn",),
    "Korean": ("kor",),
    "Tamil": ("tam",),
    "Thai": ("tha",),
}
#: Languages in Latin letters by their ISO 639-1 code
LATIN_LANGUAGES = {
    "af": "afr", "az": "aze", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "en": "eng",
    "es": "spa", "et": "est", "eu": "eus", "fi": "fin", "fr": "fra", "hr": "hrv", "hu": "hun", "id": "ind",
    "is": "isl", "it": "ita", "lt": "lit", "lv": "lav", "ms": "msa", "nl": "nld", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "ron", "sk": "slk", "sl": "slv", "sq": "sqi", "sv": "swe", "sw": "swa", "tl": "fil",
    "tr": "tur", "vi": "vie",
}  # fmt: skip


@cache
def installed() -> frozenset[str]:
    """The languages of which tesseract has the data; raises pytesseract.TesseractNotFoundError without tesseract."""
    return frozenset(pytesseract.get_languages()) - {"osd", "equ"}


def usual(setting: str) -> str:
    """What a page is read in at first, in tesseract's form."""
    if setting != AUTO:
        return setting
    known = installed()
    return LATIN if LATIN in known or not known else min(known)


def needed(script: str) -> frozenset[str]:
    """The languages of which one must be read for a script; none for Latin and for scripts that are not known."""
    return frozenset(SCRIPTS.get(script, ()))


def of_script(script: str) -> list[str]:
    """The installed languages of a script, each as it is read: with Latin letters beside it, if installed."""
    known = installed()
    beside = f"+{LATIN}" if LATIN in known else ""
    return [language + beside for language in SCRIPTS.get(script, ()) if language in known][:MOST_TRIED]


def of_text(text: str, read_in: str) -> str | None:
    """The installed language that a text in Latin letters seems to be in, if it is another than it was read in."""
    others = set(LATIN_LANGUAGES.values()) & installed() - {read_in}
    if not others:
        return None
    from rag.languages import detect_language  # noqa: PLC0415  takes a second to load

    language = LATIN_LANGUAGES.get(detect_language(text))
    return language if language in others else None
