"""`amplify-rag migrate`: brings a stage's database up to date, with the operator's own AWS credentials."""

import json
from typing import Annotated, Any

import typer

from cli.account import Account, answering
from cli.console import out, print_json
from cli.endpoints import STACK
from cli.errors import CliError, ServiceError
from cli.options import AsJson, EndpointsFile, Stage

LONGEST_SECONDS = 900  #: as long as a function may run

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say which migrations the database lacks; write nothing.")]


def migrate(
    *, dry_run: DryRun = False, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False
) -> None:
    """Apply the migrations that the stage's database lacks, in order; fails when one does. For operators.

    Runs as a function in the deployment's network. Safe to repeat; a second run at the same time waits for the first.
    """
    report = _invoke(Account(file, stage), {"dryRun": dry_run})
    if as_json:
        print_json(report)
    elif not report["error"] or "failed" in report:
        _print(report, dry_run=dry_run)
    if report["error"]:
        about = f"{report['failed']}: " if report.get("failed") else ""
        raise CliError(f"{about}{report['error']}")


def _invoke(account: Account, payload: dict[str, Any]) -> dict[str, Any]:
    """What the function answers; raises UnreachableError when it cannot be called, ServiceError when it breaks off."""
    function = f"{STACK.format(stage=account.stage)}-migrate"
    once = account.client("lambda", answer_seconds=LONGEST_SECONDS + 10, attempts=1)  # a second would find the lock
    with answering(f"cannot call {function}"):
        answer = once.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        body = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        kind = body.get("errorType", "unknown error")
        raise ServiceError(f"{function} failed ({kind}); serverless logs -f migrate --stage {account.stage} says why")
    return dict(body)


def _print(report: dict[str, Any], *, dry_run: bool) -> None:
    for each in report["applied"]:
        out.print(f"applied  {each['name']}  {each['duration_ms']} ms", markup=False)
    for name in report["pending"]:
        out.print(f"pending  {name}", markup=False)
    for role in report["passwords"]:
        out.print(f"password set  {role}", markup=False)
    done = f"{len(report['pending'])} would be applied" if dry_run else f"{len(report['applied'])} applied"
    out.print(f"{report['earlier']} were there, {done}, {report['duration_ms'] / 1000:.1f} s", style="dim")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(migrate)
