"""`amplify-rag pause` and `resume`: the emergency brake, for operators."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli.account import Account
from cli.console import out, print_json
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage
from cli.stage_flags import StageFlags
from cli.takeover import Record
from cli.triggers import Trigger, Triggers
from core.flags import ENTRY, PARTS


class Part(StrEnum):
    """What can be paused."""

    ENTRY = "entry"
    TEXT = "text"
    VISUAL = "visual"


Only = Annotated[
    list[Part] | None, typer.Option("--only", help="Only this, and others as often as it is given. Default: all.")
]


def pause(*, only: Only = None, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Stop taking jobs from queues, with your own AWS credentials; they wait there until `resume`, four days at most.

    Ends when the triggers are off. What runs at that moment runs to its end. While the entry is paused, uploads wait as
    well and users are sent to the older system, if there is one. A deployment may enable triggers: repeat it then.
    """
    account = Account(file, stage)
    flags, triggers = StageFlags(account), Triggers(account)
    content, parts = flags.readable(), _parts(only)
    known: dict[str, list[str]] = content.setdefault("paused", {})
    for part in parts:
        running = [trigger.id for trigger in triggers.of(triggers.function(part)) if trigger.state != "Disabled"]
        known[part] = sorted({*known.get(part, ()), *running})
    flags.write(content)  # first: whoever finds an idle queue must know why
    for part in parts:
        triggers.switch(known[part], enabled=False)
    _show(triggers, known, as_json)


def resume(*, only: Only = None, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Take jobs from queues again, with your own AWS credentials.

    Enables the triggers by the stage's own queues, whoever disabled them, and by other queues what `pause` disabled.
    """
    account = Account(file, stage)
    flags, triggers = StageFlags(account), Triggers(account)
    content, parts = flags.readable(), _parts(only)
    known: dict[str, list[str]] = content.get("paused", {})
    for part in parts:
        triggers.switch(triggers.resumable(part, known.get(part, ())), enabled=True)
    left = {part: ids for part, ids in known.items() if part not in parts}
    flags.write({**content, "paused": left})
    _show(triggers, left, as_json)
    if ENTRY in parts:
        _require_taken_over(account, triggers)


def _require_taken_over(account: Account, triggers: Triggers) -> None:
    """Raises CliError when the queue of an older system is taken over and starts nothing all the same."""
    known = Record(account).read()
    if known is None:
        return
    running = {each.queue for each in triggers.of(triggers.function(ENTRY)) if each.state != "Disabled"}
    if known.queue not in running:
        raise CliError(
            f"{known.queue} is taken over from {known.function}, but its trigger is disabled: "
            f"repeat `trigger take --from {known.function}`, or `trigger give-back`"
        )


def _parts(only: Sequence[Part] | None) -> list[str]:
    return [part for part in PARTS if not only or part in only]


def _show(triggers: Triggers, paused: Mapping[str, Sequence[str]], as_json: bool) -> None:
    found = {part: triggers.of(triggers.function(part)) for part in PARTS}
    if as_json:
        rows = [{"part": part, "paused": part in paused, **vars(each)} for part in PARTS for each in found[part]]
        print_json({"stage": triggers.stage, "paused": sorted(paused), "triggers": rows})
        return
    out.print(table(found, paused), soft_wrap=True)


def table(found: Mapping[str, Sequence[Trigger]], paused: Mapping[str, Sequence[str]]) -> Table:
    """The triggers of each part, and whether it is paused."""
    drawn = Table(box=None, pad_edge=False)
    for name in ("part", "", "queue", "trigger", "state"):
        drawn.add_column(name, overflow="fold")
    for part, triggers in found.items():
        for trigger in triggers:
            drawn.add_row(part, "paused" if part in paused else "", trigger.queue_name, trigger.id, trigger.state)
    return drawn


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(pause)
    app.command()(resume)
