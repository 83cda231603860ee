"""`amplify-rag eval`: judged questions to the real pipeline and query code, under an owner that is gone afterwards."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli import endpoints
from cli.console import err, out, print_json
from cli.errors import CliError, UnreachableError
from cli.options import AsJson, EndpointsFile
from cli.query import Mode
from core.errors import RagError, TransientError
from core.settings import Settings, parse
from local import passwords

if TYPE_CHECKING:
    from psycopg2.extensions import connection

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Measure how well queries find what they should, with your own judgements or with published ones.\n\n"
        "Uses the local stack's database, or the one that RAG_POSTGRES_DB_WRITE_ENDPOINT and the other settings of the "
        "functions name. What is stored for a measurement is removed at its end."
    ),
)

Scores = dict[str, dict[str, float]]
Advance = Callable[[str, int, int], None]

Modes = Annotated[list[Mode] | None, typer.Option("--mode", "-m", help="Search mode; may be repeated. Default: all.")]
Collection = Annotated[
    Path,
    typer.Argument(metavar="DIR", exists=True, file_okay=False, help="With corpus.jsonl, queries.jsonl and qrels.tsv."),
]
Questions = Annotated[
    Path,
    typer.Argument(metavar="DIR", exists=True, file_okay=False, help="With page_questions.jsonl and the PDFs in pdf/."),
]
Files = Annotated[
    list[str] | None,
    typer.Option("--file", "-f", metavar="NAME", help="Only questions about this PDF; may be repeated."),
]


@app.command()
def retrieval(
    directory: Collection, *, modes: Modes = None, file: EndpointsFile = None, as_json: AsJson = False
) -> None:
    """Measure nDCG@10 and recall@100 on a judged collection, in which each corpus entry is a document."""
    from evaluation.retrieval import MODES, run  # noqa: PLC0415  brings the text model and NumPy along

    chosen = [mode for mode in MODES if modes is None or mode in modes]
    with _database(file) as (database, settings), _bars() as advance:
        scores = run(directory, database, settings, modes=chosen, progress=advance)
    _print(scores, as_json)


@app.command()
def pages(
    directory: Questions,
    *,
    files: Files = None,
    modes: Modes = None,
    file: EndpointsFile = None,
    as_json: AsJson = False,
) -> None:
    """Measure how often a page that answers the question is among the first 1, 5 and 10 hits."""
    from evaluation.pages import MODES, run  # noqa: PLC0415  as above

    chosen = [mode for mode in MODES if modes is None or mode in modes]
    with _database(file) as (database, settings), _bars() as advance:
        scores = run(directory, database, settings, files=files or (), modes=chosen, progress=advance)
    _print(scores, as_json)


@contextmanager
def _database(file: Path | None) -> Iterator[tuple["connection", Settings]]:
    """A connection to the database to measure in, and the settings that queries run with; errors are the user's."""
    from core import database  # noqa: PLC0415  as above

    settings, password = _settings(file)
    try:
        opened = database.connect(settings, (lambda: password) if password else None)
        try:
            yield opened, settings
        finally:
            opened.close()
    except TransientError as error:
        raise UnreachableError(str(error)) from error
    except RagError as error:
        raise CliError(str(error)) from error


def _settings(file: Path | None) -> tuple[Settings, str | None]:
    """The settings and the database's password; None: libpq looks in PGPASSWORD and the password file."""
    if os.environ.get("RAG_POSTGRES_DB_WRITE_ENDPOINT"):
        return parse(os.environ), None
    found = file or endpoints.find_local()
    address = endpoints.read(found).database if found else ""
    if found is None or not address:
        raise UnreachableError("no database: start the local stack (make up), or set RAG_POSTGRES_DB_WRITE_ENDPOINT")
    host, _, name = address.partition("/")
    kept = passwords.read(found.parent / "passwords.json")
    named = {"RAG_POSTGRES_DB_WRITE_ENDPOINT": host, "RAG_POSTGRES_DB_NAME": name}
    return parse({**os.environ, **named}), kept.application if kept else None


@contextmanager
def _bars() -> Iterator[Advance]:
    """One bar on standard error for each thing that is being done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield advance


def _print(scores: Scores, as_json: bool) -> None:
    if as_json:
        print_json(scores)
        return
    metrics = list(dict.fromkeys(metric for values in scores.values() for metric in values))
    table = Table("mode", *metrics, box=None, header_style="bold", pad_edge=False)
    for mode, values in scores.items():
        table.add_row(mode, *(f"{values[metric]:.4f}" for metric in metrics))
    out.print(table)
