"""`amplify-rag query`."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import images
from cli.bars import count
from cli.console import err, out, print_json
from cli.errors import CliError
from cli.hits import print_hits
from cli.options import AsJson, EndpointsFile, Stage, call


class Mode(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    DENSE = "dense"
    SPARSE = "sparse"
    VDR = "vdr"
    HYBRID_VDR_TEXT = "hybrid_vdr_text"


Query = Annotated[str, typer.Argument(metavar="TEXT", help="A question, or words.")]
TopK = Annotated[int, typer.Option("--top-k", "-k", min=1, max=100, help="How many hits.")]
SearchMode = Annotated[
    Mode,
    typer.Option(
        "--mode",
        "-m",
        help="hybrid: meaning and words of the text; dense: meaning only; sparse: words only;"
        " vdr: pages by what they show; hybrid_vdr_text: text and pages together.",
    ),
]
Documents = Annotated[
    list[str] | None, typer.Option("--document", "-d", metavar="ID", help="Search this document only; may be repeated.")
]
SaveImages = Annotated[
    Path | None,
    typer.Option("--save-images", metavar="FOLDER", help="Save the hits' page images there, as FILE-pN.webp."),
]
OpenHit = Annotated[
    int | None,
    typer.Option("--open", metavar="N", min=1, help="Open the page image of hit N with the system's viewer."),
]


def query(
    text: Query,
    *,
    top_k: TopK = 5,
    mode: SearchMode = Mode.HYBRID,
    documents: Documents = None,
    save_images: SaveImages = None,
    open_hit: OpenHit = None,
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
    saved: dict[int, Path] = {}
    if save_images is not None:
        saved = asyncio.run(_save(answer["results"], save_images))
        number = count(len(set(saved.values())), "page image")
        err.print(f"Saved {number} in {save_images}", markup=False, soft_wrap=True)
    if open_hit is not None:
        _open(answer["results"], open_hit, saved)


def build(text: str, top_k: int, mode: Mode, documents: list[str] | None = None) -> dict[str, Any]:
    """The request of a query."""
    request = {"query": text, "top_k": top_k, "search_mode": str(mode)}
    return {**request, "document_ids": documents} if documents else request


async def _save(hits: Sequence[Mapping[str, Any]], folder: Path) -> dict[int, Path]:
    """Saves the page images of hits that have one; where, by the hits' numbers from 1."""
    saved: dict[int, Path] = {}
    for number, (hit, name) in enumerate(zip(hits, images.hit_names(hits), strict=True), start=1):
        if hit.get("page_image_url"):
            path = folder / name
            if path not in saved.values():  # several hits may be on one page
                images.write(path, await images.fetch(hit["page_image_url"]))
            saved[number] = path
    return saved


def _open(hits: Sequence[Mapping[str, Any]], number: int, saved: Mapping[int, Path]) -> None:
    """Opens the image of one hit; raises CliError when there is none."""
    if number > len(hits):
        raise CliError(f"there is no hit {number}")
    target = saved.get(number) or hits[number - 1].get("page_image_url")
    if not target:
        raise CliError(f"hit {number} has no page image; its document may have been processed as text")
    images.show(target)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(query)
