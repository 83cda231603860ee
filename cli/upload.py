"""`amplify-rag upload`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import files as local_files
from cli.bars import board, count, summary
from cli.client import Client
from cli.console import err, out, print_json
from cli.files import LocalFile
from cli.live import Live
from cli.options import AsJson, EndpointsFile, Stage, call
from cli.transfer import Outcome, Wishes
from cli.transfer import upload as transfer
from core import principals


class Route(StrEnum):
    """How pages are taken."""

    TEXT = "text"
    VISUAL = "visual"


Paths = Annotated[
    list[Path],
    typer.Argument(metavar="FILE|FOLDER...", help="Files, and folders with all the documents inside them."),
]
Glob = Annotated[
    str | None, typer.Option("--glob", metavar="PATTERN", help="Take from folders what matches, such as '*.pdf'.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="End when the files are uploaded; don't wait for processing.")]
Force = Annotated[bool, typer.Option("--force", help="Process again even if the file has not changed.")]
ForcedRoute = Annotated[
    Route | None,
    typer.Option("--route", help="Take all pages as text or as pictures. Default: each as its content calls for."),
]

Group = Annotated[
    str | None, typer.Option("--group", metavar="NAME", help="Share the documents with this group of yours.")
]


def upload(
    paths: Paths,
    *,
    glob: Glob = None,
    no_wait: NoWait = False,
    force: Force = False,
    route: ForcedRoute = None,
    group: Group = None,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Upload documents and watch them until they can be searched.

    Exits with 1 if any document failed. The documents go on being processed if you stop watching.
    """
    files = local_files.collect(paths, glob)
    wishes = Wishes(force=force, route=route, owner=group and principals.GROUP + group)
    outcomes = call(file, stage, lambda client: run(client, files, wishes, wait=not no_wait))
    failed = sum(outcome.failed for outcome in outcomes)
    if as_json:
        print_json({"documents": [as_dict(outcome) for outcome in outcomes], "failed": failed})
    else:
        report(outcomes)
    if failed:
        raise typer.Exit(1)


async def run(
    client: Client,
    files: Sequence[LocalFile],
    wishes: Wishes,
    *,
    wait: bool = True,
) -> list[Outcome]:
    """Uploads the files with progress on standard error."""
    with board(err, files) as shown:
        if not wait:
            return await transfer(client, None, files, shown, wishes)
        async with Live(client) as live:
            return await transfer(client, live, files, shown, wishes)


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """An outcome for programs: the last status message with the file's path in front, or why there is none."""
    ids = outcome.announced and {"documentId": outcome.announced.document_id, "statusId": outcome.announced.status_id}
    state = dict(outcome.last.body) if outcome.last else {}
    return {
        "file": str(outcome.file.path),
        **(ids or {}),
        **{key: value for key, value in state.items() if key != "type"},
        "unchanged": outcome.unchanged,
        "failed": outcome.failed,
        **({"error": outcome.error} if outcome.error else {}),
    }


def report(outcomes: Sequence[Outcome]) -> None:
    """Prints how many documents ended how, which failed, and what was left out of the others."""
    failed = [outcome for outcome in outcomes if outcome.failed]
    unchanged = sum(outcome.unchanged for outcome in outcomes)
    ready = sum(outcome.last is not None for outcome in outcomes) - unchanged - sum(o.last is not None for o in failed)
    sent = len(outcomes) - len(failed) - ready - unchanged
    parts = ((ready, "ready"), (unchanged, "unchanged"), (sent, "uploaded"), (len(failed), "failed"))
    out.print(
        f"{count(len(outcomes), 'document')}: " + ", ".join(f"{number} {word}" for number, word in parts if number)
    )
    for outcome in failed:
        out.print(f"  {outcome.file.path}: {summary(outcome)}", style="red", markup=False, soft_wrap=True)
    for outcome in outcomes:
        for notice in [] if outcome.last is None or outcome.failed else outcome.last.notices:
            out.print(f"  {outcome.file.path}: {notice}", style="yellow", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(upload)
