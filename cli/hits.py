"""Hits of a query, as people like to read them."""

import html
import re
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from cli.bars import count

MARK = "bold black on yellow"


def print_hits(console: Console, answer: Mapping[str, Any]) -> None:
    """Prints each hit with file, page, score, headings and its highlighted snippet."""
    if not answer["results"]:
        console.print("Nothing found.")
    for rank, hit in enumerate(answer["results"], start=1):
        console.print(_hit(rank, hit))
    total = count(answer["total_results"], "hit")
    console.print(f"{total}, {answer['search_mode']}, {answer['processing_time_ms']:.0f} ms", style="dim")


def _hit(rank: int, hit: Mapping[str, Any]) -> Group:
    title = Text.assemble(
        (f"{rank:>2}  ", "dim"),
        (str(hit["file_name"]), "bold cyan"),
        f"  {pages(hit)}",
        (f"  score {hit['score']:.3f}", "dim"),
    )
    headings = " › ".join(hit.get("headings") or [])
    body = [Text(headings, style="italic dim")] if headings else []
    return Group(title, Padding(Group(*body, snippet(hit)), (0, 0, 1, 4)))


def pages(hit: Mapping[str, Any]) -> str:
    """The page or pages of a hit."""
    numbers = hit.get("pages") or [hit["page"]]
    return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]}–{numbers[-1]}"


def snippet(hit: Mapping[str, Any]) -> Text:
    """The snippet with what stands in ``<mark>`` highlighted, on one line."""
    text = Text()
    marked = re.split(r"<mark>(.*?)</mark>", re.sub(r"\s+", " ", hit.get("snippet") or hit["content"]))
    for number, piece in enumerate(marked):
        text.append(html.unescape(piece), style=MARK if number % 2 else "")
    return text
