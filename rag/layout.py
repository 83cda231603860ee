"""From lines with places to paragraphs: which lines belong together, and which are headings. Pure."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rag.cleanup import HYPHEN
from rag.pdf_lines import Line

PARAGRAPH_GAP = 1.15  #: a distance of this many usual ones separates paragraphs
SENTENCE_GAP = 1.6  #: up to this many a sentence in progress goes on: tall formulas push lines apart
HEADING_GAP = 1.35  #: up to this many font sizes apart, the lines of a heading belong together
SAME_ROW = 0.3  #: baselines closer than this part of the font size are on one row
LARGER = 1.08  #: a line set this much larger than the body is a heading
TITLE_CHARACTERS = 120  #: a longer line is no heading whatever it looks like
LEADER = " ... "  #: what dotted leaders are shortened to
_ITEM = re.compile(r"(?:[•‣▪◦●○■□–—*\-]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
_PUNCTUATED = re.compile(r"[.!?:;,。！？：；，]$")
_FULL_STOP = re.compile(r"[.!?:。！？：]$")
_LEADERS = re.compile(r"\s*(?:[.·…] ?){4,}")


@dataclass(frozen=True)
class Block:
    """Lines that belong together, joined to text."""

    text: str
    first: int  #: index of its first line


def body_size(lines: Sequence[Line]) -> float:
    """The font size that most of the characters have, in points; 0 without lines."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0.0


def leading(lines: Sequence[Line]) -> float:
    """The usual distance between the baselines of neighbouring lines, in points."""
    gaps = [
        round(before.baseline - line.baseline, 1)
        for before, line in itertools.pairwise(lines)
        if 0.7 <= (before.baseline - line.baseline) / max(line.size, 1.0) <= 2.0
    ]
    if not gaps:
        return 1.2 * median(line.size for line in lines) if lines else 0.0
    counts = Counter(gaps)
    return max(counts, key=lambda gap: (counts[gap], -gap))


def heading_sizes(lines: Sequence[Line], body: float) -> dict[int, int]:
    """Headings told by their looks: index of the line -> its size in points.

    A heading is short, does not end like a sentence, and is larger than the body; or it is bold and stands alone.
    """
    usual = leading(lines)
    return {
        index: round(line.size)
        for index, line in enumerate(lines)
        if _may_be_title(line.text)
        and (line.size >= LARGER * body or (line.bold and _stands_alone(lines, index, usual)))
    }


def _may_be_title(text: str) -> bool:
    if len(text) > TITLE_CHARACTERS or not any(map(str.isalpha, text)):
        return False
    return not _PUNCTUATED.search(text) and not _LEADERS.search(text)


def _stands_alone(lines: Sequence[Line], index: int, usual: float) -> bool:
    line = lines[index]
    above = index == 0 or not 0 <= lines[index - 1].baseline - line.baseline < PARAGRAPH_GAP * usual
    below = index + 1 == len(lines) or not 0 <= line.baseline - lines[index + 1].baseline < PARAGRAPH_GAP * usual
    return above and below


def heading_runs(lines: Sequence[Line], sizes: Mapping[int, int]) -> dict[int, int]:
    """Headings of several lines: index of the first line -> number of lines."""
    usual = leading(lines)
    runs: dict[int, int] = {}
    first = -1
    for index in sorted(sizes):
        gap = lines[index - 1].baseline - lines[index].baseline
        near = max(PARAGRAPH_GAP * usual, HEADING_GAP * sizes[index])
        if sizes.get(index - 1) == sizes[index] and 0 <= gap <= near:
            runs[first] += 1
        else:
            first = index
            runs[first] = 1
    return runs


def compose(lines: Sequence[Line], headings: Mapping[int, int]) -> list[Block]:
    """Join lines to blocks; ``headings`` maps the index of each heading's first line to its number of lines."""
    usual = leading(lines)
    margins = _margins(lines)
    inside = {index + extra: index for index, count in headings.items() for extra in range(count)}
    blocks: list[Block] = []
    for index, line in enumerate(lines):
        if index and inside.get(index) == inside.get(index - 1):
            join = _separator(lines[index - 1], line, usual, margins[index - 1])
            if join is None and index in inside:
                join = "\n"
        else:
            join = None
        if join is None:
            blocks.append(Block(shorten_leaders(line.text), index))
        else:
            blocks[-1] = Block(blocks[-1].text + join + shorten_leaders(line.text), blocks[-1].first)
    return blocks


def _separator(before: Line, line: Line, usual: float, margin: float) -> str | None:
    """What stands between two lines: a blank, a line end, or None for a new block."""
    # A line that pdfium made of several, by joining a divided word, starts on the first of them and ends on the last.
    *above, last = before.text.split(HYPHEN)
    gap = before.baseline - line.baseline - usual * len(above)
    if abs(gap) < SAME_ROW * max(before.size, line.size) and line.left >= before.left:
        return " "
    # Had the first word still had room on the line before, the line was ended on purpose.
    first_word = line.text.split(None, 1)[0]
    width = (before.right - before.left) / max(len(last), 1)
    full = before.right + (1 + len(first_word)) * width >= margin
    goes_on = full and line.text[0].islower() and not _FULL_STOP.search(before.text)
    if gap < 0 or gap > (SENTENCE_GAP if goes_on else PARAGRAPH_GAP) * usual:
        return None
    ended = not full or _ITEM.match(line.text) or _LEADERS.search(before.text)
    return "\n" if ended else " "


def _margins(lines: Sequence[Line]) -> list[float]:
    """The right margin at each line: the furthest right that its column reaches."""
    margins: list[float] = []
    start = 0
    for index in range(1, len(lines) + 1):
        ended = index == len(lines) or lines[index].baseline > lines[index - 1].baseline + lines[index].size
        if ended:
            margins += [max(line.right for line in lines[start:index])] * (index - start)
            start = index
    return margins


def shorten_leaders(text: str) -> str:
    """A line with its dotted leaders cut to three dots."""
    return _LEADERS.sub(LEADER, text)
