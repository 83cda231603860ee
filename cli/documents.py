"""`amplify-rag documents` and `amplify-rag delete`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.console import out, print_json, printable
from cli.errors import CliError
from cli.options import AsJson, DocumentId, EndpointsFile, Stage, call
from core.status import Status

OfStatus = Annotated[Status | None, typer.Option("--status", help="Only documents in this state.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="How many on a page.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="Where the page before ended: its nextCursor.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]

LONGEST_STATUS = max(map(len, Status))
STYLES = {"completed": "green", "completed_with_gaps": "yellow", "failed": "red", "cancelled": "red"}


def documents(
    *,
    status: OfStatus = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """List your documents, the latest first."""
    page = call(file, stage, lambda client: client.documents(status=status, limit=limit, cursor=cursor))
    if as_json:
        print_json(page)
        return
    if page["documents"]:
        _print_page(page["documents"])
    else:
        out.print("No documents.")
    if page.get("nextCursor"):
        out.print(f"More: --cursor {page['nextCursor']}", markup=False, soft_wrap=True)


def delete(
    document: DocumentId,
    *,
    yes: Yes = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Delete a document everywhere and print the receipt."""
    if not yes and not typer.confirm(f"Delete {printable(document)} for good? (--yes does not ask)", err=True):
        raise CliError("nothing deleted")
    receipt = call(file, stage, lambda client: client.delete(document))
    if as_json:
        print_json(receipt)
        return
    out.print(f"Deleted {receipt['documentId']}", markup=False)
    for store, number in _counts(receipt["deleted"]):
        out.print(f"  {number:>6}  {store}", markup=False)


def _print_page(page: list[Mapping[str, Any]]) -> None:
    """One line a document; too narrow a terminal wraps it, for an id that is cut off is of no use."""
    width = max(len(item["fileName"]) for item in page)
    for item in page:
        line = Text.assemble(
            f"{item['fileName']:<{width}}  ",
            (f"{item['status']:<{LONGEST_STATUS}}", STYLES.get(item["status"], "cyan")),
            f"  {item['progress']:>3} %  {_size(item['size']):>9}  ",
            (f"{item['updatedAt'][:16].replace('T', ' ')}  ", "dim"),
            item["documentId"],
        )
        out.print(line, soft_wrap=True)


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"


def _counts(deleted: Mapping[str, Any], prefix: str = "") -> list[tuple[str, int]]:
    """The counts of a receipt, those inside others named with both names."""
    counts: list[tuple[str, int]] = []
    for name, value in deleted.items():
        counts += _counts(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(prefix + name, value)]
    return counts


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(documents)
    app.command()(delete)
