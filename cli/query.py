"""`amplify-rag query`."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.console import out, print_json
from cli.hits import print_hits
from cli.options import AsJson, EndpointsFile, Stage, call


class Mode(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    DENSE = "dense"
    SPARSE = "sparse"


Query = Annotated[str, typer.Argument(metavar="TEXT", help="A question, or words.")]
TopK = Annotated[int, typer.Option("--top-k", "-k", min=1, max=100, help="How many hits.")]
SearchMode = Annotated[Mode, typer.Option("--mode", "-m", help="Meaning and words, meaning only, or words only.")]
Documents = Annotated[
    list[str] | None, typer.Option("--document", "-d", metavar="ID", help="Search this document only; may be repeated.")
]


def query(
    text: Query,
    *,
    top_k: TopK = 5,
    mode: SearchMode = Mode.HYBRID,
    documents: Documents = None,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Find the pages that answer a question."""
    request = build(text, top_k, mode, documents)
    answer = call(file, stage, lambda client: client.query(request))
    if as_json:
        print_json(answer)
    else:
        print_hits(out, answer)


def build(text: str, top_k: int, mode: Mode, documents: list[str] | None = None) -> dict[str, Any]:
    """The request of a query."""
    request = {"query": text, "top_k": top_k, "search_mode": str(mode)}
    return {**request, "document_ids": documents} if documents else request


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(query)
