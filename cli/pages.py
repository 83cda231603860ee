"""`amplify-rag pages` and `amplify-rag image`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cli import images
from cli.bars import count
from cli.client import Client
from cli.console import err, out, print_json
from cli.errors import CliError
from cli.options import AsJson, DocumentId, EndpointsFile, Stage, call

PageNumber = Annotated[int, typer.Argument(metavar="PAGE", min=1, help="Its number, from 1.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to save it. Default: NAME-pPAGE.webp in this folder."),
]
Small = Annotated[bool, typer.Option("--small", help="The thumbnail.")]
Open = Annotated[bool, typer.Option("--open", help="Open it with the system's viewer; saved only if -o is given.")]

STYLES = {"text": "cyan", "visual": "magenta"}


def pages(document: DocumentId, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """List a document's pages: the route that each took and why, the length of its text, its image."""
    known = call(file, stage, lambda client: client.pages(document))
    if as_json:
        print_json(known)
        return
    if known["generation"] is None:
        out.print("No pages: no version of the document is finished; `amplify-rag status` says how it stands.")
        return
    width = max((len(page["source"]) for page in known["pages"]), default=0)
    for page in known["pages"]:
        out.print(_line(page, width), soft_wrap=True)
    out.print(_total(known["pages"]), style="dim")


def image(
    document: DocumentId,
    page: PageNumber,
    *,
    output: Output = None,
    small: Small = False,
    open_it: Open = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Save a page's image, or open it. Without -o nothing that exists is overwritten."""
    size = "small" if small else "large"
    link = call(file, stage, lambda client: client.page_image(document, page, size=size))
    saved = output
    if output is None and not open_it:
        saved = call(file, stage, lambda client: _free_name(client, document, page, small))
    if saved:
        images.write(saved, asyncio.run(images.fetch(link["url"])))
    if open_it:
        images.show(saved or link["url"])
    if as_json:
        print_json({**link, "file": str(saved) if saved else None})
    elif saved:
        err.print(f"Saved {saved}", markup=False, soft_wrap=True)


async def _free_name(client: Client, document: str, page: int, small: bool) -> Path:
    """The file in this folder that the image is named after; raises CliError when there is one already."""
    name = str((await client.status(document)).metadata.get("fileName") or "page")
    path = Path(images.image_name(name, page, "-small" if small else ""))
    if path.exists() or path.is_symlink():
        raise CliError(f"{path} exists already; name another file with -o")
    return path


def _line(page: Mapping[str, Any], width: int) -> Text:
    """One line a page: number, route, characters, source, image, and the reason for the route."""
    size = page["image"] and f"{page['image']['width']}x{page['image']['height']}"
    route = page["route"] or "?"
    return Text.assemble(
        f"{page['page']:>5}  ",
        (f"{route:<6}", STYLES.get(route, "dim")),
        f"  {page['textLength']:>6} characters  {page['source']:<{width}}  ",
        (f"{size or '':<9}", "green"),
        (f"  {page['reason'] or ''}", "dim"),
        (f"  unreadable: {page['gap']}", "yellow") if page["gap"] else "",
    )


def _total(listed: list[Mapping[str, Any]]) -> str:
    routes = [page["route"] for page in listed]
    pictured = sum(page["image"] is not None for page in listed)
    return (
        f"{count(len(listed), 'page')}: {routes.count('text')} text, {routes.count('visual')} visual,"
        f" {pictured} with an image"
    )


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(pages)
    app.command()(image)
