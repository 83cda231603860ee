"""The small part of Markdown that the texts in ``source/`` use, as a list of blocks."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "bullet", "step", "table", "chart"]


@dataclass(frozen=True)
class Block:
    """One block of text; ``level`` is that of a heading (1 is a chapter) or the number of a step."""

    kind: Kind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def parse(text: str) -> list[Block]:
    """The blocks of a text, in order; blocks are separated by empty lines, list items by line breaks."""
    return [block for paragraph in re.split(r"\n\s*\n", text.strip()) for block in _blocks(paragraph.splitlines())]


def _blocks(lines: list[str]) -> list[Block]:
    first = lines[0]
    if heading := re.match(r"(#+) (.+)", first):
        return [Block("heading", heading[2], level=len(heading[1])), *(_blocks(lines[1:]) if lines[1:] else [])]
    if first.startswith("|"):
        rows = (_cells(line) for line in lines if not re.fullmatch(r"[|\s-]+", line))
        return [Block("table", rows=tuple(rows))]
    if chart := re.fullmatch(r"!\[(\w+)\]", first):
        return [Block("chart", chart[1])]
    if first.startswith("- "):
        return [Block("bullet", line.removeprefix("- ")) for line in lines]
    if re.match(r"\d+\. ", first):
        return [Block("step", line.split(". ", 1)[1], level=number) for number, line in enumerate(lines, start=1)]
    return [Block("paragraph", " ".join(lines))]


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
