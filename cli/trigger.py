"""`amplify-rag trigger`: whether the queue of an older system starts its function or this one's, for operators."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from cli import pause, takeover
from cli.account import Account
from cli.console import out, print_json
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage
from cli.stage_flags import StageFlags
from cli.takeover import Record, Takeover
from cli.triggers import Trigger, Triggers
from core.flags import ENTRY, PARTS

From = Annotated[str, typer.Option("--from", metavar="FUNCTION", help="Name of the function that has the queue now.")]
Queue = Annotated[
    str | None, typer.Option("--queue", metavar="NAME", help="Name or ARN of the queue, if that function has several.")
]
Bucket = Annotated[
    list[str] | None,
    typer.Option(
        "--bucket", metavar="NAME", help="Bucket whose uploads the queue announces, if its policy names none."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]

app = typer.Typer(
    no_args_is_help=True,
    help="Take the queue of an older system over from its function, and give it back, with your own AWS credentials.",
)


@app.command()
def show(*, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show what starts the stage's functions, and what is taken over."""
    account = Account(file, stage)
    triggers, known = Triggers(account), Record(account).read()
    paused = StageFlags(account).parsed().paused
    found = {part: triggers.of(triggers.function(part)) for part in PARTS}
    if known is not None:
        found[known.function] = triggers.of(known.function)
    if as_json:
        print_json({"takeover": takeover.described(known), "paused": sorted(paused), "triggers": _rows(found)})
        return
    out.print(pause.table(found, paused), soft_wrap=True)
    if known is not None:
        out.print(f"Taken over from {known.function}: {known.queue}", style="dim", markup=False, soft_wrap=True)


@app.command()
def take(
    function: From,
    *,
    queue: Queue = None,
    bucket: Bucket = None,
    dry_run: DryRun = False,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Let the entry of this stage take the queue's messages in place of another function.

    That function's trigger is disabled first and ours, with the settings of our own queue's, is enabled then; messages
    wait in between. What that function is working on at that moment it finishes. Repeating it is harmless.
    """
    account = Account(file, stage)
    triggers, record = Triggers(account), Record(account)
    if ENTRY in StageFlags(account).parsed().paused:
        raise CliError(f"stage {account.stage} is paused: resume it first")
    wanted = takeover.plan(triggers, function, queue)
    takeover.require_buckets(account, triggers, wanted.queue, bucket or ())
    takeover.take(triggers, record, wanted, dry_run=dry_run)
    _report(wanted, ("would disable", "would enable") if dry_run else ("disabled", "enabled"), triggers, as_json)


@app.command("give-back")
def give_back(
    *, dry_run: DryRun = False, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False
) -> None:
    """Give the queue back: the triggers are again as they were before `take`."""
    account = Account(file, stage)
    triggers = Triggers(account)
    known = takeover.give_back(triggers, Record(account), dry_run=dry_run)
    _report(known, ("would enable", "would disable") if dry_run else ("enabled", "disabled"), triggers, as_json)


def _report(about: Takeover, done: tuple[str, str], triggers: Triggers, as_json: bool) -> None:
    if as_json:
        print_json(
            {"takeover": takeover.described(about), "triggers": _rows({about.function: triggers.of(about.function)})}
        )
        return
    for verb, function in zip(done, (about.function, triggers.function(ENTRY)), strict=True):
        out.print(f"{verb}  {function}  by  {about.queue}", markup=False, soft_wrap=True)


def _rows(found: Mapping[str, Sequence[Trigger]]) -> list[dict[str, str]]:
    return [vars(trigger) for triggers in found.values() for trigger in triggers]
