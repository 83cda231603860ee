"""`amplify-rag retry` and `amplify-rag cancel`."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.client import Client
from cli.console import err, out, print_json
from cli.errors import CliError, RefusedError
from cli.options import AsJson, EndpointsFile, Stage, call

DocumentIds = Annotated[list[str], typer.Argument(metavar="ID...", help="documentId, or statusId as `bucket#key`.")]
Request = Callable[[Client, str], Awaitable[dict[str, Any]]]


def retry(documents: DocumentIds, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Try documents again that failed, were cancelled or have gaps; what is done of them is not done again."""
    _each(documents, file, stage, lambda client, document: client.retry(document), as_json)


def cancel(documents: DocumentIds, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Stop processing documents; what an earlier version made searchable stays."""
    _each(documents, file, stage, lambda client, document: client.cancel(document), as_json)


def _each(documents: Sequence[str], file: Path | None, stage: str | None, request: Request, as_json: bool) -> None:
    """Ask for each document; one that is refused does not keep the others from it, but fails the command."""

    async def work(client: Client) -> list[dict[str, Any] | RefusedError]:
        return [await _answer(request(client, document)) for document in documents]

    answers = call(file, stage, work)
    refused = 0
    for document, answer in zip(documents, answers, strict=True):
        if isinstance(answer, RefusedError):
            refused += 1
            err.print(f"[red]{escape(document)}:[/] {escape(str(answer))}", soft_wrap=True)
        elif not as_json:
            out.print(f"{answer['documentId']}  {answer['status']}", markup=False, soft_wrap=True)
    if as_json:
        print_json([answer for answer in answers if not isinstance(answer, RefusedError)])
    if refused:
        raise CliError(f"{refused} of {len(documents)} refused")


async def _answer(request: Awaitable[dict[str, Any]]) -> dict[str, Any] | RefusedError:
    try:
        return await request
    except RefusedError as refusal:
        return refusal


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(retry)
    app.command()(cancel)
