"""What stands in the project's documents: commands, tables, links."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.declarations import ROOT

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
NO_PROSE = ("```", "    ")  #: how code begins


def documents() -> list[Path]:
    """Every Markdown file that a reader of the checkout may open."""
    return sorted(file for pattern in ("*.md", "docs/*.md", "benchmarks/*.md") for file in ROOT.glob(pattern))


def shell_blocks(text: str) -> list[str]:
    """The commands between ```sh and ```, in order."""
    return [body for language, body in FENCED.findall(text) if language == "sh"]


def other_code(text: str) -> list[str]:
    """Code that is in no block with a language: indented, or between bare fences."""
    prose = FENCED.sub("", text)
    return [line for line in prose.splitlines() if line.startswith(NO_PROSE)]


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found.group(1)


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables, without their heads."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip() for cell in BETWEEN_CELLS.split(line)[1:-1]]


def anchors(text: str) -> set[str]:
    """What a link may name after ``#``: headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    """The targets of links that are not addresses elsewhere."""
    return [target for target in LINK.findall(FENCED.sub("", text)) if "://" not in target]
