"""`amplify-rag route`: which pipeline the pages of files would take, without a service."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from cli.console import err, out, print_json_line
from core.errors import DocumentError
from core.inspection import detect
from core.ranges import over
from core.route_pages import Progress as OnPage
from core.route_pages import route_pages
from core.routing import PageRoute, summarise
from core.settings import Settings

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files: PDF, Office, pictures, text.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a file, on a line of its own.")]

PATIENCE_SECONDS = 1.0  #: after which a bar shows how far a file is
STYLES = {"text": "green", "visual": "cyan"}
_NUMBER = re.compile(r"\d[\d,]*")


def route(files: Files, *, as_json: AsJson = False) -> None:
    """Show which pipeline each page of files would take, text or visual, and why.

    Nothing is uploaded, and neither a service nor a login is needed. A document is visual when most of its pages are;
    its pages take their own routes all the same. Pages in a row that are alike share a line, with the range of their
    figures. Exits with 1 when a file cannot be read; the others are shown nevertheless.
    """
    failed = False
    for file in files:
        try:
            pages = _pages(file)
        except (DocumentError, OSError) as error:
            failed = True
            message = error.message if isinstance(error, DocumentError) else error.strerror or str(error)
            err.print(f"[red]error:[/] {escape(str(file))}: {escape(message)}", soft_wrap=True)
            continue
        if as_json:
            print_json_line({"file": str(file), "route": _document_route(pages), "pages": [asdict(p) for p in pages]})
        else:
            _print(file, pages)
    if failed:
        raise typer.Exit(1)


def _pages(file: Path) -> list[PageRoute]:
    settings = Settings()
    with file.open("rb") as opened:
        if not opened.read(1):
            raise DocumentError("empty", "The file is empty.")
        media_type = detect(over(opened), file.name, settings)
    with _bar(file.name) as progress:
        return route_pages(file, media_type, None, settings, progress)


@contextmanager
def _bar(name: str) -> Iterator[OnPage]:
    """A bar on standard error that goes away at the end, for a file that takes its time on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    started = time.monotonic()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(escape(name), visible=False)

        def progress(done: int, total: int) -> None:
            visible = time.monotonic() - started > PATIENCE_SECONDS
            bar.update(task, completed=done, total=total, visible=visible)

        yield progress


def _document_route(pages: Sequence[PageRoute]) -> str:
    return summarise(pages, len(pages)).route


def _print(file: Path, pages: Sequence[PageRoute]) -> None:
    visual = sum(page.route == "visual" for page in pages)
    counts = f"{len(pages)} page{'s' * (len(pages) != 1)}, {visual} visual"
    out.print(Text.assemble((str(file), "bold"), f": {_document_route(pages)} ({counts})"), soft_wrap=True)
    for numbers, kind, reason in runs(pages):
        out.print(Text.assemble(f"  {numbers:>9}  ", (f"{kind:<6}", STYLES[kind]), f"  {reason}"), soft_wrap=True)


def runs(pages: Sequence[PageRoute]) -> list[tuple[str, str, str]]:
    """Page numbers, route and reason, one for each run of pages whose route and kind of reason are the same.

    Reasons are of one kind when they differ in figures only; the figures of a run are ranges.
    """
    lines = []
    for (kind, _), group in groupby(pages, key=lambda page: (page.route, _NUMBER.sub("#", page.reason))):
        alike = list(group)
        first, last = alike[0].page, alike[-1].page
        numbers = str(first) if first == last else f"{first}–{last}"
        lines.append((numbers, kind, _merged([page.reason for page in alike])))
    return lines


def _merged(reasons: Sequence[str]) -> str:
    """The reasons, which differ in figures only, as one with ranges for figures."""
    columns = zip(*(_NUMBER.findall(reason) for reason in reasons), strict=True)
    ranges = iter([_range(column) for column in columns])
    return _NUMBER.sub(lambda _: next(ranges), reasons[0])


def _range(figures: Sequence[str]) -> str:
    least, most = (choose(figures, key=lambda figure: int(figure.replace(",", ""))) for choose in (min, max))
    return least if least == most else f"{least}–{most}"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(route)
