"""`amplify-rag flags`: switches of a stage that need no deployment, for operators."""

import json
from contextlib import suppress
from typing import Annotated, Any

import typer

from cli.account import Account
from cli.console import out, print_json
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage
from cli.stage_flags import StageFlags, require_room
from core.flags import SECONDS

#: What `set` and `unset` take; what is paused is set by `pause` and `resume`
NAMES = ("rollout.percentage", "rollout.users", "rollout.rules", "visual", "rollout")

Name = Annotated[str, typer.Argument(metavar="FLAG", help=f"One of {', '.join(NAMES)}.")]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="JSON, such as 10, false, or '[\"ann@example.com\"]'.")]

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "See and set flags, with your own AWS credentials.\n\n"
        "rollout.percentage: of users who use this system beside an older one; rollout.users: ids or e-mail addresses "
        "that do in any case; rollout.rules: where documents go by name, type and size. visual: false reads pages of "
        f"new documents that are pictures as text. Running functions follow within {SECONDS:.0f} seconds."
    ),
)


@app.command()
def show(*, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Show the flags that are set."""
    _print(StageFlags(Account(file, stage)).read(), as_json)


@app.command("set")
def set_flag(
    name: Name, value: Value, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False
) -> None:
    """Set a flag."""
    flags, (group, leaf) = StageFlags(Account(file, stage)), _path(name)
    content = flags.read()
    try:
        (content.setdefault(group, {}) if leaf else content)[leaf or group] = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise CliError(f"{value} is not JSON; text stands in quotation marks: '\"text\"'") from error
    require_room(content)
    _print(flags.write(content), as_json)


@app.command()
def unset(name: Name, *, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Put a flag back to its default. `unset rollout` sends everybody to the older system."""
    flags, (group, leaf) = StageFlags(Account(file, stage)), _path(name)
    content = flags.read()
    with suppress(KeyError):
        del (content[group] if leaf else content)[leaf or group]
    _print(flags.write(content), as_json)


@app.command()
def reset(*, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Put all flags back to their defaults, malformed ones too; what is paused stays so until `resume`."""
    flags = StageFlags(Account(file, stage))
    content = flags.readable()
    _print(flags.write({name: value for name, value in content.items() if name == "paused"}), as_json)


def _path(name: str) -> tuple[str, str]:
    if name not in NAMES:
        hint = "; what is paused is set by `pause` and `resume`" if name == "paused" else ""
        raise typer.BadParameter(f"FLAG is one of {', '.join(NAMES)}{hint}")
    group, _, leaf = name.partition(".")
    return group, leaf


def _print(content: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(content)
        return
    flat = _flat(content)
    for name, value in flat.items():
        out.print(f"{name:<20}  {json.dumps(value, ensure_ascii=False)}", markup=False, soft_wrap=True)
    if not flat:
        out.print("No flag is set: all are at their defaults.", style="dim")


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    """Each flag by its full name."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        flat |= {f"{name}.{leaf}": each for leaf, each in value.items()} if isinstance(value, dict) else {name: value}
    return flat
