"""`amplify-rag doctor`: do the stores contradict each other? For operators."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.client import Client
from cli.console import err, out, print_json
from cli.options import AsJson, EndpointsFile, Stage, call

Repair = Annotated[bool, typer.Option("--repair", help="Mend what is safe to mend. Without: only look.")]
COLUMNS = ("finding", "store", "document", "found", "repair")


def doctor(*, repair: Repair = False, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Check all stores against each other; fails when something is left to be done. For operators.

    What changed a few minutes ago is left alone. With --repair, run it again afterwards: it shows what came of it.
    """
    report = call(file, stage, lambda client: _whole(client, repair=repair))
    left = [finding for finding in report["findings"] if not finding["repaired"]]
    if as_json:
        print_json(report)
    else:
        _print(report, left)
    if left:
        raise typer.Exit(1)


async def _whole(client: Client, *, repair: bool) -> dict[str, Any]:
    """The report of all slices of a check."""
    findings: list[dict[str, Any]] = []
    examined, cursor = 0, None
    while True:
        report = await client.check_stores(repair=repair, cursor=cursor)
        findings += report["findings"]
        examined += report["examined"]
        cursor = report["cursor"]
        if cursor is None:
            return {"findings": findings, "examined": examined}
        err.print(f"{examined} examined, {len(findings)} findings …", style="dim")


def _print(report: dict[str, Any], left: list[dict[str, Any]]) -> None:
    findings = report["findings"]
    if findings:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in COLUMNS:
            table.add_column(column, overflow="fold")
        for finding in findings:
            done = "done: " if finding["repaired"] else ""
            repair = finding["repair"] or "none: this is for people to decide"
            cells = (finding["code"], finding["store"], finding["documentId"] or "", finding["found"], done + repair)
            table.add_row(*(Text(cell, overflow="fold") for cell in cells))
        out.print(table)
    mended = len(findings) - len(left)
    out.print(f"{report['examined']} examined, {len(findings)} findings, {mended} repaired")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)
