"""`amplify-rag dlq`: messages that failed for good, for operators."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.bars import count
from cli.console import err, out, print_json
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage, call

QUEUES = ("document-index", "text-rag", "vdr")
#: What the counts of an answer say
LABELS = {
    "replayed": "sent again",
    "discarded": "discarded",
    "notWanted": "removed: their documents were deleted, superseded, cancelled or finished meanwhile",
    "notReplayable": "kept: they ask for nothing that is known; `dlq discard` removes them",
    "notFound": "not found",
    "left": "kept: there was no time for them; ask again",
}

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Ids of dead letters, as `dlq list` shows them.")
]
LetterId = Annotated[str, typer.Argument(metavar="ID", help="Id of a dead letter, as `dlq list` shows it.")]
Document = Annotated[str | None, typer.Option("--document", "-d", metavar="ID", help="Those of this document.")]
Code = Annotated[str | None, typer.Option("--code", help="Those whose documents show this error code at present.")]
Queue = Annotated[str | None, typer.Option("--queue", metavar="NAME", help=f"Only in this queue: {', '.join(QUEUES)}.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many to list at most.")]

app = typer.Typer(
    no_args_is_help=True,
    help="See, send again and discard messages that failed for good. For members of the operators' group.",
)


@app.command("list")
def list_letters(
    *,
    document: Document = None,
    code: Code = None,
    queue: Queue = None,
    limit: Limit = 50,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the latest first, with what has become of their documents."""
    asked = {"queue": _known(queue), "documentId": document, "code": code, "limit": limit}
    found = call(file, stage, lambda client: client.dead_letters(**asked))
    if as_json:
        print_json(found)
        return
    if found["deadLetters"]:
        out.print(_table(found["deadLetters"]), soft_wrap=True)
    out.print(f"{count(found['total'], 'dead letter')}{_shown(found)}.", style="dim")
    _say_if_incomplete(found)


@app.command()
def show(letter: LetterId, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show one dead letter."""
    found = call(file, stage, lambda client: client.dead_letter(letter))
    if as_json:
        print_json(found)
        return
    width = max(map(len, found))
    for name, value in found.items():
        out.print(f"{name:<{width}}  {'' if value is None else value}", markup=False, soft_wrap=True)


@app.command()
def replay(
    ids: Ids = None,
    *,
    document: Document = None,
    code: Code = None,
    queue: Queue = None,
    everything: All = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters again: those with the ids given, or by one of --document, --code and --all."""
    selection = _selection(ids, document, code, everything, queue)
    _print_counts(call(file, stage, lambda client: client.sort_out("replay", selection)), as_json)


@app.command()
def discard(
    ids: Ids = None,
    *,
    document: Document = None,
    code: Code = None,
    queue: Queue = None,
    everything: All = False,
    yes: Yes = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Discard dead letters for good: those with the ids given, or by one of --document, --code and --all."""
    selection = _selection(ids, document, code, everything, queue)
    if not yes and not typer.confirm("Discard these dead letters for good? (--yes does not ask)", err=True):
        raise CliError("nothing discarded")
    _print_counts(call(file, stage, lambda client: client.sort_out("discard", selection)), as_json)


def _selection(
    ids: list[str] | None, document: str | None, code: str | None, everything: bool, queue: str | None
) -> dict[str, Any]:
    """What the service is asked for; wrong usage unless exactly one thing is chosen."""
    choices = {"ids": ids or None, "documentId": document, "code": code, "all": everything or None}
    chosen = {name: value for name, value in choices.items() if value is not None}
    if len(chosen) != 1:
        raise typer.BadParameter("give either ids, or one of --document, --code and --all")
    return chosen | ({"queue": queue} if _known(queue) else {})


def _known(queue: str | None) -> str | None:
    if queue is not None and queue not in QUEUES:
        raise typer.BadParameter(f"--queue is one of {', '.join(QUEUES)}")
    return queue


def _table(letters: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("id", "queue", "sent", "received", "document", "part", "pages", "status", "code"):
        table.add_column(name, overflow="fold", justify="right" if name in {"received", "part"} else "left")
    for letter in letters:
        table.add_row(*(Text("" if value is None else str(value)) for value in _cells(letter)))
    return table


def _cells(letter: Mapping[str, Any]) -> tuple[Any, ...]:
    known = letter["documentId"] or letter["statusId"] or f"({letter['kind']}, {letter['bytes']} bytes)"
    pages = letter["pages"] and "–".join(map(str, letter["pages"]))
    sent = letter["sentAt"][:16].replace("T", " ")
    about = (letter["part"], pages, letter["status"] or "(none)", letter["code"])
    return (letter["id"], letter["queue"], sent, letter["receiveCount"], known, *about)


def _shown(found: Mapping[str, Any]) -> str:
    return "" if len(found["deadLetters"]) == found["total"] else f", the latest {len(found['deadLetters'])} shown"


def _print_counts(counts: dict[str, Any], as_json: bool) -> None:
    """Exits with 1 when a letter that was named is not there."""
    if as_json:
        print_json(counts)
    else:
        _print_table_of_counts(counts)
    if counts.get("notFound"):
        raise typer.Exit(1)


def _print_table_of_counts(counts: Mapping[str, Any]) -> None:
    for name, label in LABELS.items():
        if counts.get(name):
            out.print(f"{counts[name]:>6}  {label}")
    if not any(counts.get(name) for name in LABELS):
        out.print("No dead letters fit.")
    _say_if_incomplete(counts)


def _say_if_incomplete(answer: Mapping[str, Any]) -> None:
    if not answer["complete"]:
        err.print("There may be more: one look takes 1,000, and none that another look holds just now. Ask again.")
