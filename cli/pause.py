"""`amplify-rag pause` and `resume`: the emergency brake, for operators."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.account import Account
from cli.console import err, out, print_json
from cli.options import AsJson, EndpointsFile, Stage
from cli.stage_flags import MalformedFlagsError, StageFlags
from cli.triggers import Trigger, Triggers
from core.flags import PARTS


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
    content, parts = _readable(flags), _parts(only)
    known: dict[str, list[str]] = content.setdefault("paused", {})
    for part in parts:
        running = [trigger.id for trigger in triggers.of(triggers.function(part)) if trigger.state != "Disabled"]
        known[part] = sorted({*known.get(part, ()), *running})
    flags.write(content)  # first: whoever finds an idle queue must know why
    for part in parts:
        triggers.switch(known[part], enabled=False)
    _show(triggers, known, as_json)


def resume(*, only: Only = None, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Go on where `pause` stopped, with your own AWS credentials; what it did not disable stays as it is."""
    account = Account(file, stage)
    flags, triggers = StageFlags(account), Triggers(account)
    content, parts = flags.read(), _parts(only)
    known: dict[str, list[str]] = content.get("paused", {})
    for part in parts:
        triggers.switch(known.get(part, ()), enabled=True)
    left = {part: ids for part, ids in known.items() if part not in parts}
    flags.write({**content, "paused": left} if left else {n: v for n, v in content.items() if n != "paused"})
    _show(triggers, left, as_json)


def _readable(flags: StageFlags) -> dict[str, Any]:
    """The flags that are set, or none where they are malformed: functions leave those aside, and a brake must work."""
    try:
        return flags.read()
    except MalformedFlagsError as error:
        err.print(f"{error}. They are replaced; they were: {error.text}", style="yellow", markup=False, soft_wrap=True)
        return {}


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
