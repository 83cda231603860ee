"""`amplify-rag cost`: what documents have cost."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.bars import count
from cli.client import Client, Json
from cli.console import out, print_json
from cli.options import AsJson, EndpointsFile, Stage, call

Document = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="One document, by documentId or statusId; left out: a month.")
]

Month = Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the present one, by UTC.")]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="NAME", help="Only this owner: user:<sub> or group:<name>.")
]
All = Annotated[bool, typer.Option("--all", help="All owners; for members of the operators' group.")]
MONTH = re.compile("[0-9]{4}-(0[1-9]|1[0-2])")


def cost(
    document: Document = None,
    *,
    month: Month = None,
    owner: Owner = None,
    everybody: All = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Show what a document, or a month of yours and your groups' documents, has cost."""
    if document is not None:
        if month or owner or everybody:
            raise typer.BadParameter("give either a document, or --month, --owner and --all")
        found = call(file, stage, lambda client: client.document_cost(document))
    else:
        if month is not None and not MONTH.fullmatch(month):
            raise typer.BadParameter("a month is YYYY-MM, such as 2026-11")
        found = call(file, stage, lambda client: month_cost(client, month, everybody))
        found["owners"] = [each for each in found["owners"] if owner in {None, each["owner"]}]
    if as_json:
        print_json(found)
        return
    if owner and not found["owners"]:
        others = "" if everybody else " Owners other than you and your groups need --all, which is for operators."
        out.print(f"Nothing of {owner} in {found['month']}.{others}", markup=False, soft_wrap=True)
        return
    out.print(_document_table(found) if document is not None else _month_table(found))
    _print_notes(found)


async def month_cost(client: Client, month: str | None, everybody: bool) -> Json:
    """The whole sums of a month, ``{month, owners, prices}``, put together from all pages."""
    owners: dict[str, Json] = {}
    cursor: str | None = None
    while True:
        page = await client.costs(month=month, cursor=cursor, everybody=everybody)
        month, cursor = page["month"], page["nextCursor"]
        for part in page["owners"]:
            known = owners.get(part["owner"])
            owners[part["owner"]] = _added(known, part) if known else part
        if cursor is None:
            ordered = sorted(owners.values(), key=lambda each: -each["nanoUsd"])
            return {"month": month, "owners": ordered, "prices": page["prices"]}


def _added(one: Json, other: Json) -> Json:
    """Two parts of one owner's sum as one."""
    used = {name: one["used"].get(name, 0) + other["used"].get(name, 0) for name in one["used"] | other["used"]}
    total = {name: one[name] + other[name] for name in ("calls", "gbSeconds", "nanoUsd")}
    return {**one, **total, "usd": total["nanoUsd"] / 1_000_000_000, "used": used}


def dollars(amount: float) -> str:
    """An amount with as many places as a call of a function needs."""
    return f"${amount:,.2f}" if amount >= 100 else f"${amount:.6f}"


def _month_table(found: Mapping[str, Any]) -> Table:
    table = _table(found["month"])
    for each in found["owners"]:
        table.add_row(*_row(each["owner"], each))
    if len(found["owners"]) != 1:
        sums = {name: sum(each[name] for each in found["owners"]) for name in ("calls", "gbSeconds", "nanoUsd")}
        table.add_row(*_row("together", {**sums, "usd": sums["nanoUsd"] / 1_000_000_000}), style="bold")
    return table


def _document_table(found: Mapping[str, Any]) -> Table:
    table = _table("what")
    for each in found["functions"]:
        table.add_row(*_row(each["function"], each))
    for each in found["versions"] if len(found["versions"]) > 1 else ():
        table.add_row(*_row(f"version {each['generation']}", each), style="dim")
    for each in found["months"] if len(found["months"]) > 1 else ():
        table.add_row(*_row(each["month"], each), style="dim")
    table.add_row(*_row("together", found), style="bold")
    return table


def _table(first: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in ("calls", "GB-seconds", "cost"):
        table.add_column(name, justify="right")
    return table


def _row(name: str, each: Mapping[str, Any]) -> tuple[str, ...]:
    return (name, f"{each['calls']:,}", f"{each['gbSeconds']:,.1f}", dollars(each["usd"]))


def _print_notes(found: Mapping[str, Any]) -> None:
    if "storageUsdAMonth" in found:
        out.print(f"Keeping it: {dollars(found['storageUsdAMonth'])} a month.", style="dim")
    else:
        out.print(f"{count(len(found['owners']), 'owner')}.", style="dim")
    prices = found["prices"]
    where = f"List prices of {prices['region']}, {prices['asOf']}"
    out.print(f"{where}; database, network and searches are not in it.", style="dim")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(cost)
