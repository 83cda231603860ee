"""`amplify-rag status` and `amplify-rag watch`."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from cli.bars import describe
from cli.client import Client
from cli.console import err, out, print_json, print_json_line
from cli.cost import dollars
from cli.following import Stream
from cli.live import Live
from cli.options import AsJson, DocumentId, EndpointsFile, Stage, call
from cli.updates import Update

History = Annotated[bool, typer.Option("--history", help="Every state the document has been in.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Documents; ends when all have finished.")]
WithCost = Annotated[bool, typer.Option("--cost", help="Also what the document has cost so far.")]
All = Annotated[bool, typer.Option("--all", help="All your documents, also those uploaded from now on; ends never.")]


def status(
    document: DocumentId,
    *,
    history: History = False,
    with_cost: WithCost = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of a document. Exits with 1 if it has failed."""
    if history:
        updates = call(file, stage, lambda client: client.events(document))
    else:
        updates = [call(file, stage, lambda client: client.status(document))]
    spent = call(file, stage, lambda client: client.document_cost(document)) if with_cost else None
    if as_json:
        bodies = [dict(update.body) | ({"cost": spent} if spent else {}) for update in updates]
        print_json(bodies if history else bodies[0])
    else:
        for update in updates:
            out.print(line(update), soft_wrap=True)
        if spent:
            out.print(f"{dollars(spent['usd'])} so far", style="dim")
    if updates and updates[-1].failed:
        raise typer.Exit(1)


def watch(
    documents: Ids = None,
    *,
    everything: All = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Print every state of documents as it comes, with --json one message a line; of all yours when none is named.

    Exits with 1 if any of the documents failed.
    """
    if everything and documents:
        raise typer.BadParameter("name documents, or --all")
    if documents is not None and not all(documents):
        raise typer.BadParameter("an id is empty")
    failed = call(file, stage, lambda client: _watch(client, documents or [], not documents, as_json))
    if failed:
        raise typer.Exit(1)


async def _watch(client: Client, documents: list[str], everything: bool, as_json: bool) -> bool:
    """Prints updates until all named documents have finished; whether any has failed."""
    async with Live(client) as live:
        if everything:
            err.print("Watching all your documents; Ctrl-C ends.")
            async for update in await live.follow_everything():
                _print(update, as_json)
        states = [await client.status(document) for document in documents]
        streams = [await live.follow(document_id) for document_id in {state.document_id for state in states}]
        endings = await asyncio.gather(*(_print_until_final(stream, as_json) for stream in streams))
    return any(update.failed for update in endings)


async def _print_until_final(states: Stream, as_json: bool) -> Update:
    while True:
        update = await anext(states)
        _print(update, as_json)
        if update.is_final:
            return update


def _print(update: Update, as_json: bool) -> None:
    if as_json:
        print_json_line(update.body)
    else:
        out.print(line(update), soft_wrap=True)


def line(update: Update) -> Text:
    """A state as one line: when, which file, how far, what."""
    words = update.message if update.failed else describe(update)
    style = "red" if update.failed else "green" if update.is_final else "cyan"
    time = str(update.body.get("timestamp", ""))[11:19]
    return Text.assemble(
        (f"{time}  ", "dim"),
        str(update.metadata.get("fileName") or update.document_id),
        f"  {update.progress:>3} %  ",
        (update.status, style),
        f"  {words}" if words != update.status else "",
    )


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(status)
    app.command()(watch)
