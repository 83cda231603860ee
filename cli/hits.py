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
    """Prints each hit with file, page, what it was found by, score, headings and its highlighted snippet.

    ``[image]`` marks those whose page image can be saved or opened.
    """
    if not answer["results"]:
        console.print("Nothing found.")
    for rank, hit in enumerate(answer["results"], start=1):
        console.print(_hit(rank, hit))
    total = count(answer["total_results"], "hit")
    model = f", pages by {answer['page_model']}" if answer.get("page_model") else ""
    console.print(f"{total}, {answer['search_mode']}{model}, {answer['processing_time_ms']:.0f} ms", style="dim")


def _hit(rank: int, hit: Mapping[str, Any]) -> Group:
    title = Text.assemble(
        (f"{rank:>2}  ", "dim"),
        (str(hit["file_name"]), "bold cyan"),
        f"  {pages(hit)}",
        (f"  {how}", "magenta") if (how := found_by(hit)) else "",
        ("  [image]", "green") if hit.get("page_image_url") else "",
        (f"  score {hit['score']:.3f}", "dim"),
    )
    headings = " › ".join(hit.get("headings") or [])
    body = [Text(headings, style="italic dim")] if headings else []
    return Group(title, Padding(Group(*body, snippet(hit)), (0, 0, 1, 4)))


def pages(hit: Mapping[str, Any]) -> str:
    """The page or pages of a hit."""
    numbers = hit.get("pages") or [hit["page"]]
    return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {numbers[0]}–{numbers[-1]}"


def found_by(hit: Mapping[str, Any]) -> str:
    """Whether the hit was found by its text, as a picture, or both; empty where the answer does not say."""
    as_text = any(hit.get(score) is not None for score in ("dense_score", "sparse_score"))
    as_picture = hit.get("vdr_score") is not None
    if as_text and as_picture:
        return "text and picture"
    if as_text or as_picture:
        return "text" if as_text else "picture"
    return {"text_rag": "text", "vdr": "picture"}.get(str(hit.get("pipeline")), "")


def snippet(hit: Mapping[str, Any]) -> Text:
    """The snippet with what stands in ``<mark>`` highlighted, on one line."""
    text = Text()
    marked = re.split(r"<mark>(.*?)</mark>", re.sub(r"\s+", " ", hit.get("snippet") or hit.get("content") or ""))
    for number, piece in enumerate(marked):
        text.append(html.unescape(piece), style=MARK if number % 2 else "")
    return text
