"""Merge: what was read in pictures becomes paragraphs of their page's text, each at its picture's place. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag import cleanup
from rag.pages import Heading, Page
from rag.picture_score import Kind

LONGEST_ANCHORS = (60, 30, 16)  #: letters and digits by which a place is looked for, beside the whole anchor
SHORTEST_ANCHOR = 4
_WORD = re.compile(r"\w+")
_BLANK_LINES = re.compile(r"\n\s*\n")
_MARKER = re.compile(r"\[Picture:", re.IGNORECASE)
PARAGRAPH = "\n\n"


@dataclass(frozen=True)
class Reading:
    """What was read in one picture, with the text around it by which its place is found."""

    kind: Kind
    text: str
    described: bool  #: by a model, in its own words; else the picture's own words
    above: tuple[str, ...] = ()  #: text before the picture, the nearest first
    below: tuple[str, ...] = ()


def merge(page: Page, readings: Sequence[Reading]) -> Page:
    """The page with a paragraph ``[Picture: kind] …`` for each reading that says something new, headings shifted."""
    letters = _Letters(page.text)
    words = f" {' '.join(_WORD.findall(page.text.casefold()))} "
    paragraphs: dict[int, list[str]] = {}
    for reading in readings:
        text = _one_paragraph(reading.text if reading.described else _new_lines(reading.text, words))
        paragraph = f"[Picture: {reading.kind}] {text}"
        if text and not any(paragraph in others for others in paragraphs.values()):
            paragraphs.setdefault(letters.place(reading), []).append(paragraph)
    for place in sorted(paragraphs, reverse=True):
        page = _inserted(page, place, PARAGRAPH.join(paragraphs[place]))
    return page


def _inserted(page: Page, place: int, paragraph: str) -> Page:
    """The page with one more paragraph at ``place``, which is the start of a paragraph or the end of the text."""
    before, after = page.text[:place], page.text[place:]
    if not after:
        paragraph = PARAGRAPH + paragraph if before else paragraph
    else:
        paragraph += PARAGRAPH
    headings = tuple(
        replace(heading, start=heading.start + len(paragraph)) if _follows(heading, place, page.text) else heading
        for heading in page.headings
    )
    return replace(page, text=before + paragraph + after, headings=headings)


def _follows(heading: Heading, place: int, text: str) -> bool:
    """Whether a heading comes after a paragraph inserted at ``place``.

    One at 0 that is not printed there is in force on the whole page, from its start.
    """
    if heading.start != place or place > 0:
        return heading.start >= place
    return bool(text) and _compact(heading.title) in _compact(text[: 3 * len(heading.title) + 40])


class _Letters:
    """The letters and digits of a text, by which a place is found however blanks and marks are set."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places = [
            (letter, place) for place, char in enumerate(text) if char.isalnum() for letter in char.casefold()
        ]
        self._compact = "".join(letter for letter, _ in self._places)
        self._last = 0  #: where in the letters the last anchor ended: pictures come in order

    def place(self, reading: Reading) -> int:
        """The start of the paragraph before which a reading belongs, or the end of the text."""
        for anchor in reading.above:
            if (end := self._end_of(_compact(anchor))) is not None:
                return self._next_paragraph(end)
        for anchor in reading.below:
            if (start := self._start_of(_compact(anchor))) is not None:
                return (
                    self._text.rfind(PARAGRAPH, 0, start + 1) + len(PARAGRAPH) if PARAGRAPH in self._text[:start] else 0
                )
        return len(self._text)

    def _next_paragraph(self, place: int) -> int:
        blank = self._text.find(PARAGRAPH, place)
        return len(self._text) if blank < 0 else blank + len(PARAGRAPH)

    def _end_of(self, anchor: str) -> int | None:
        """The place after an anchor, or after as much of its end as the text has."""
        for length in (len(anchor), *(longest for longest in LONGEST_ANCHORS if longest < len(anchor))):
            found = self._find(anchor[len(anchor) - length :])
            if found is not None:
                self._last = found + length
                return self._places[found + length - 1][1] + 1
        return None

    def _start_of(self, anchor: str) -> int | None:
        for length in (len(anchor), *(longest for longest in LONGEST_ANCHORS if longest < len(anchor))):
            found = self._find(anchor[:length])
            if found is not None:
                return self._places[found][1]
        return None

    def _find(self, letters: str) -> int | None:
        """Where letters stand, after the last anchor or else anywhere."""
        if len(letters) < SHORTEST_ANCHOR:
            return None
        found = self._compact.find(letters, max(0, self._last - len(letters)))
        found = self._compact.find(letters) if found < 0 else found
        return None if found < 0 else found


def _compact(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _one_paragraph(text: str) -> str:
    """The text without blank lines, and without what could be taken for a marker of ours."""
    return _BLANK_LINES.sub("\n", _MARKER.sub("[picture", cleanup.clean(text))).strip()


def _new_lines(text: str, words: str) -> str:
    """The lines whose words do not already stand together in the page's text."""
    lines = []
    for line in text.split("\n"):
        said = " ".join(_WORD.findall(line.casefold()))
        if said and f" {said} " not in words:
            lines.append(line.strip())
    return "\n".join(lines)
