"""One text of a page from its text layer and from what OCR read on its picture, no word twice. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from rag import cleanup, ocr_noise
from rag.ocr_words import DECIMALS, Reading, ReadWord, boxes_of, paragraphs, printed, underneath
from rag.pages import Heading, Page, Word

ALIKE = 0.6  #: similarity of two spellings of one word
SURE_READING = 85.0  #: confidence from which OCR may contradict a text layer,
COMPARED_WORDS = 10  #: on so many words at least that both have
GARBAGE = 0.3  #: of which no more than this share agree
ELSEWHERE = 0.7  #: share of the words not found at their place but in the text layer: its places are wrong
LEAST_LETTERS = 2  #: of a line that is added to a text layer


def of_picture(number: int, reading: Reading) -> Page:
    """A page of which there is only a picture."""
    text = reading.text
    return Page(number, text, "ocr" if text else "", words=tuple(word.kept() for word in reading.words))


def merged(page: Page, tops: Sequence[tuple[int, float]], layer: Sequence[Word], reading: Reading) -> Page:
    """The page with what was read on its picture and is not in its text layer.

    ``tops``: of each paragraph its start in the page's text and its distance from the top, 0 to 1. A text layer that
    the picture contradicts is replaced.
    """
    if not page.text.strip():
        return replace(of_picture(page.number, reading), path=page.path, headings=page.headings)
    boxes = boxes_of(word[1:] for word in layer)  # (m, 4)
    at = [underneath(word.box, boxes) for word in reading.words]  # one index or none a word
    if _is_garbage(layer, reading, at):
        return replace(of_picture(page.number, reading), path=page.path)
    kept = tuple(Word(word.text, *(round(edge, DECIMALS) for edge in word[1:])) for word in layer)
    added = _believed(_lacking(layer, reading, at))
    if not added:
        return replace(page, words=kept)
    text, headings = _inserted(page, tops, added)
    words = kept + tuple(word.kept() for word in added)
    return replace(page, text=text, headings=headings, source="text-layer+ocr", words=words)


def _core(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _is_garbage(layer: Sequence[Word], reading: Reading, at: Sequence[int | None]) -> bool:
    """Whether a sure reading has other words than the text layer at the same places."""
    if reading.confidence < SURE_READING:
        return False
    pairs = [
        (_core(word.text), _core(layer[index].text))
        for word, index in zip(reading.words, at, strict=True)
        if index is not None
    ]
    compared = [(read, printed) for read, printed in pairs if len(read) > 2]
    agree = sum(_alike(read, printed) for read, printed in compared)
    return len(compared) >= COMPARED_WORDS and agree <= GARBAGE * len(compared)


def _alike(one: str, other: str) -> bool:
    if not other:
        return False
    return one in other or other in one or SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _lacking(layer: Sequence[Word], reading: Reading, at: Sequence[int | None]) -> list[ReadWord]:
    """The read words that the text layer lacks: by their place, or by their letters where its places are wrong."""
    lacking = [word for word, index in zip(reading.words, at, strict=True) if index is None]
    known = Counter(_core(word.text) for word in layer)
    for index in at:
        if index is not None:
            known[_core(layer[index].text)] -= 1
    elsewhere = [known[_core(word.text)] > 0 for word in lacking]
    if len(lacking) < COMPARED_WORDS or sum(elsewhere) < ELSEWHERE * len(lacking):
        return lacking
    return [word for word, is_known in zip(lacking, elsewhere, strict=True) if not is_known]


def _believed(words: Iterable[ReadWord]) -> list[ReadWord]:
    """Without noise: marks before the items of a list, icons between words."""
    lines: dict[tuple[tuple[int, int], int], list[ReadWord]] = {}
    for word in ocr_noise.believed(words):
        if ocr_noise.plausible(word):
            lines.setdefault((word.paragraph, word.line), []).append(word)
    return [
        word for line in lines.values() if sum(len(_core(word.text)) for word in line) >= LEAST_LETTERS for word in line
    ]


def _inserted(
    page: Page, tops: Sequence[tuple[int, float]], words: Sequence[ReadWord]
) -> tuple[str, tuple[Heading, ...]]:
    """The page's text with each paragraph of the words after the last of its own that stands higher, and its headings.

    Never before the first: that is the title.
    """
    after: dict[int, list[str]] = {}
    for paragraph in paragraphs(words):
        top = min(word.box[1] for word in paragraph)
        above = [index for index, (_, own) in enumerate(tops) if own <= top]
        after.setdefault(max(above, default=0), []).append(cleanup.paragraphs(printed(paragraph)))
    starts = [start for start, _ in tops]
    text, moved = "", []
    for index, (start, end) in enumerate(zip(starts, [*starts[1:], len(page.text)], strict=True)):
        moved.append(len(text) - start)
        text += "\n\n".join([page.text[start:end].strip("\n"), *after.get(index, [])]) + "\n\n"
    headings = tuple(
        replace(heading, start=heading.start + moved[max(0, sum(start <= heading.start for start in starts) - 1)])
        for heading in page.headings
    )
    return text.strip("\n"), headings
