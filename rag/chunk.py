"""Chunk: a part's pages to passages that follow its structure and fit the embedding model. Pure.

Units (sentences, lines, table rows) are packed in order up to a number of tokens. A heading begins a new chunk, unless
there are but a few words before it, such as a heading without text of its own.
A page that stands for itself, as a slide, shares no chunk with another.
A chunk that is at least half full does not run on into the next page, and one that is full ends at a paragraph where
that leaves it reasonably full; a table that fits into one chunk is not divided. Nothing is left out, and there is no
limit to the number of chunks.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.settings import Settings
from rag.pages import Extraction
from rag.units import Boundary, Unit, part_text, units_of

CHARACTERS_A_TOKEN = 8  #: a token counts for at least this many characters, as models take long words for one token
FULL_ENOUGH = 0.6  #: share of the limit that a chunk must have to end at a paragraph before it is full
RUNS_ON = 0.5  #: up to this share of the limit a chunk goes on over a page's end
SPLINTER_TOKENS = 12  #: a section of no more goes with the next: mostly a heading without text of its own
SLICE_CHARACTERS = 100_000  #: given to the tokenizer at a time
HEADING_CHARACTERS = 120  #: of each heading in the path


class Tokenizer(Protocol):
    """The embedding model's tokenizer, as far as chunking needs it."""

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each token, in characters of the text."""
        ...


@dataclass(frozen=True)
class Chunk:
    """A passage: ``text`` is the part's text from ``start`` to ``end``."""

    ordinal: int  #: from 0 within the part
    text: str
    headings: tuple[str, ...]  #: path of headings in force where it begins, the highest first
    first_page: int
    last_page: int
    page: int  #: the page that most of it is on: the one to show for it
    start: int
    end: int
    tokens: int
    table_header: str = ""  #: first row of the table that the chunk continues

    @property
    def context(self) -> str:
        """What places the passage: its headings, and the header of a table that began before it."""
        return "\n".join(filter(None, (" > ".join(self.headings), self.table_header)))

    @property
    def embedded(self) -> str:
        """What the text model reads."""
        return f"{self.table_header}\n{self.text}" if self.table_header else self.text


def split(extraction: Extraction, tokenizer: Tokenizer, settings: Settings) -> list[Chunk]:
    """The chunks of a part, at most ``chunk_tokens`` long, neighbours within a section sharing some sentences.

    They cover every character of the pages that is not blank; ``text`` equals the part's text at its offsets.
    """
    text = part_text(extraction.pages)
    ruler = _Ruler(text, tokenizer)
    limit = settings.chunk_tokens
    units = [piece for unit in units_of(extraction.pages) for piece in _fitting(unit, ruler, limit)]
    lengths = [ruler.length(unit.start, unit.end) for unit in units]
    headers = _table_headers(units, text)
    chunks: list[Chunk] = []
    for first, end in _runs(units, lengths, limit, settings.chunk_overlap_tokens):
        begin, stop = units[first].start, units[end - 1].end
        divided = units[first].table >= 0 and first > 0 and units[first - 1].table == units[first].table
        chunks.append(
            Chunk(
                ordinal=len(chunks),
                text=text[begin:stop],
                headings=tuple(title[:HEADING_CHARACTERS] for title in units[end - 1].path),
                first_page=units[first].page,
                last_page=units[end - 1].page,
                start=begin,
                end=stop,
                tokens=ruler.length(begin, stop),
                table_header=headers[units[first].table] if divided else "",
                page=_main_page(units[first:end]),
            )
        )
    return chunks


def _main_page(units: Sequence[Unit]) -> int:
    """The page with most of the characters; of equals the first."""
    characters: Counter[int] = Counter()
    for unit in units:
        characters[unit.page] += unit.end - unit.start
    return characters.most_common(1)[0][0]


class _Ruler:
    """Measures stretches of a text in tokens."""

    def __init__(self, text: str, tokenizer: Tokenizer) -> None:
        self.starts = array("q")  # where each token begins
        for start, end in _slices(text):
            self.starts.extend(start + place for place, _ in tokenizer.offsets(text[start:end]))

    def length(self, start: int, end: int) -> int:
        """Tokens that begin between two places, or what the characters alone amount to."""
        tokens = bisect_left(self.starts, end) - bisect_left(self.starts, start)
        return max(tokens, -(-(end - start) // CHARACTERS_A_TOKEN))


def _slices(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of text, ended at lines where there are any: a tokenizer's own record takes 500 bytes a token."""
    start = 0
    while start < len(text):
        end = min(start + SLICE_CHARACTERS, len(text))
        line_end = text.rfind("\n", start, end) + 1
        if end < len(text) and line_end:
            end = line_end
        yield start, end
        start = end


def _fitting(unit: Unit, ruler: _Ruler, limit: int) -> Iterator[Unit]:
    """The unit, or pieces of it that are within the limit, cut between tokens where there are any."""
    start, boundary = unit.start, unit.boundary
    while ruler.length(start, unit.end) > limit:
        index = bisect_left(ruler.starts, start)
        by_tokens = ruler.starts[index + limit] if index + limit < len(ruler.starts) else unit.end
        cut = max(start + 1, min(by_tokens, start + limit * CHARACTERS_A_TOKEN, unit.end))
        yield replace(unit, start=start, end=cut, boundary=boundary)
        start, boundary = cut, Boundary.INSIDE
    if start < unit.end:
        yield replace(unit, start=start, boundary=boundary)


def _runs(units: Sequence[Unit], lengths: Sequence[int], limit: int, overlap: int) -> Iterator[tuple[int, int]]:
    """First unit and end of each chunk."""
    first = 0
    while first < len(units):
        end = _end(units, lengths, first, limit)
        yield first, end
        following = end
        if end < len(units) and units[end].boundary < Boundary.SECTION and units[end].page == units[end - 1].page:
            room = min(overlap, limit - lengths[end])
            following = _overlap_start(lengths, first, end, room)
        first = following


def _end(units: Sequence[Unit], lengths: Sequence[int], first: int, limit: int) -> int:
    """Where the chunk that begins with unit ``first`` ends."""
    total = lengths[first]
    for end in range(first + 1, len(units)):
        unit = units[end]
        if unit.boundary == Boundary.PAGE or (unit.boundary == Boundary.SECTION and total > SPLINTER_TOKENS):
            return end
        if unit.page != units[end - 1].page and total >= RUNS_ON * limit:
            return end
        if total + lengths[end] > limit:
            return _better_end(units, lengths, (first, end), limit)
        total += lengths[end]
    return len(units)


def _better_end(units: Sequence[Unit], lengths: Sequence[int], run: tuple[int, int], limit: int) -> int:
    """The end of a full chunk: before a table that can stay whole, else at a paragraph, else where it is full."""
    first, end = run
    if units[end].boundary >= Boundary.PARAGRAPH:
        return end
    table = units[end].table
    if table >= 0:
        begin = next((i for i in range(end, first, -1) if units[i - 1].table != table), first)
        if begin > first and _table_length(units, lengths, begin) <= limit:
            return begin
    total = sum(lengths[first:end])
    for cut in range(end - 1, first, -1):
        total -= lengths[cut]
        if total < FULL_ENOUGH * limit:
            return end
        if units[cut].boundary >= Boundary.PARAGRAPH:
            return cut
    return end


def _table_length(units: Sequence[Unit], lengths: Sequence[int], begin: int) -> int:
    total = 0
    for index in range(begin, len(units)):
        if units[index].table != units[begin].table:
            break
        total += lengths[index]
    return total


def _overlap_start(lengths: Sequence[int], first: int, end: int, room: int) -> int:
    """The unit from which the next chunk repeats the end of this one, by at most ``room`` tokens."""
    start, total = end, 0
    while start - 1 > first and total + lengths[start - 1] <= room:
        start -= 1
        total += lengths[start]
    return start


def _table_headers(units: Sequence[Unit], text: str) -> dict[int, str]:
    headers: dict[int, str] = {}
    for unit in units:
        if unit.table >= 0:
            headers.setdefault(unit.table, text[unit.start : unit.end][:HEADING_CHARACTERS])
    return headers
