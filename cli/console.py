"""What the commands print: results to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

WIDE = 200  #: columns where no terminal limits them, as in a pipe


#: Standard output: as wide as its terminal; rich would take 80 columns where there is none, and cut names off
out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_json_line(value: Mapping[str, Any]) -> None:
    """One JSON value on one line, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False))
