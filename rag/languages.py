"""The language of a text, which decides how its words are stemmed."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from rag.terms import STEMMERS

DEFAULT = "en"
#: Told apart beside the languages with a stemmer; relatives of these that hardly anybody writes would only confuse.
WITHOUT_STEMMER = (
    "af am az be bg bn cy gu he hr is ja ka kk km kn ko lo lv mk ml mn mr ms my pa si sk sl sq sw te th tl uk ur vi zh"
)
SAMPLE_CHARACTERS = 150  #: enough to be sure; the time grows with the length
LEAST_LETTERS = 12
LEAST_PROBABILITY = 0.5


def detect_language(text: str) -> str:
    """The ISO 639-1 code of a text; English when it is too short or not clear."""
    return _detect(text) or DEFAULT


def languages_of(texts: Sequence[str]) -> list[str]:
    """The language of each text of one document; an unclear one is taken to be in the language of most others."""
    found = [_detect(text) for text in texts]
    clear = Counter(language for language in found if language)
    usual = clear.most_common(1)[0][0] if clear else DEFAULT
    return [language or usual for language in found]


def _detect(text: str) -> str | None:
    sample = text[:SAMPLE_CHARACTERS]
    if sum(character.isalpha() for character in sample) < LEAST_LETTERS:
        return None
    language, probability = _identifier().classify(sample)
    return str(language) if probability >= LEAST_PROBABILITY else None


@cache
def _identifier() -> LanguageIdentifier:
    """Loaded once, in about a second: only workers need it."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*STEMMERS, *WITHOUT_STEMMER.split()}))
    return identifier
