"""Options that every command has, and the connection they lead to."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli import endpoints
from cli.client import Client
from cli.session import Tokens

Result = TypeVar("Result")

EndpointsFile = Annotated[
    Path | None,
    typer.Option(
        "--endpoints",
        metavar="FILE",
        envvar="AMPLIFY_RAG_ENDPOINTS",
        help="JSON file with the service's addresses. Default: the local stack's, found from this folder upward.",
    ),
]
Stage = Annotated[
    str | None,
    typer.Option("--stage", metavar="STAGE", help="Deployed stage; its addresses are read with your AWS credentials."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs; progress stays on standard error.")]
DocumentId = Annotated[str, typer.Argument(metavar="ID", help="documentId, or statusId as `bucket#key`.")]


def call(file: Path | None, stage: str | None, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """Does the work with a client of the deployment that the options name."""

    async def main() -> Result:
        where = endpoints.load(file, stage)
        async with Client(where, Tokens(where)) as client:
            return await work(client)

    return asyncio.run(main())
