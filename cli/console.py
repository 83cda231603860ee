"""What the commands print: results to standard output, everything else to standard error."""

import json
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_json_line(value: Mapping[str, Any]) -> None:
    """One JSON value on one line, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False))
