"""What the commands print: results to standard output, everything else to standard error.

Names and texts come from others, who must not control the terminal of whoever reads them.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from core import characters

WIDE = 200  #: columns where no terminal limits them, as in a pipe
UNUSUAL = re.compile(r"[^\n\t -~]")  #: what is worth a look
REPLACEMENT = "\ufffd"
REPLACEMENTS = {"\xad": "-"}  #: soft hyphens, of which the texts of PDFs are full


class SafeConsole(Console):
    """Shows U+FFFD for each character of a text that a terminal might obey; rich itself lets escapes through."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed, by which all output goes; styles and cursor moves are still to come."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def printable(text: str) -> str:
    """The text with U+FFFD for each character but newline and tab that a terminal might obey."""
    return UNUSUAL.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    return REPLACEMENTS.get(found[0], REPLACEMENT) if characters.acts(found[0]) else found[0]


#: Standard output: as wide as its terminal; rich would take 80 columns where there is none, and cut names off
out = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = SafeConsole(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value for programs."""
    typer.echo(_json(value, indent=2))


def print_json_line(value: Mapping[str, Any]) -> None:
    """One JSON value on one line, at once."""
    typer.echo(_json(value))


def _json(value: Any, indent: int | None = None) -> str:
    """JSON in plain letters of any script, but with escapes for what a terminal might obey: JSON asks it of C0 only."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return UNUSUAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if characters.acts(found[0]) else found[0]
