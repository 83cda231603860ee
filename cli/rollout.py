"""`amplify-rag rollout`: who uses this system while an older one runs beside it, for operators."""

import mimetypes
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any

import typer

from cli.account import Account, answering
from cli.console import out, print_json
from cli.endpoints import OUTPUTS, STACK
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage
from cli.stage_flags import StageFlags
from core import rollout
from core.flags import ENTRY
from core.rollout import Choice, File, Rollout, User

MEGABYTE = rollout.MEGABYTE

Users = Annotated[list[str], typer.Argument(metavar="USER...", help="E-mail addresses, or ids (`sub` of a token).")]
Name = Annotated[
    str | None, typer.Option("--file", metavar="NAME", help="For a document of this name; its type is guessed from it.")
]
Size = Annotated[float, typer.Option("--size", metavar="MB", min=0, help="Size of that document.")]

app = typer.Typer(no_args_is_help=True, help="Who uses this system while an older one runs beside it.")


class UnknownUserError(CliError):
    """No user of the pool has an address, or several have it."""


@app.callback()
def group() -> None:
    """Keeps `check` a command of its own while there is no other."""


@app.command()
def check(
    users: Users,
    *,
    name: Name = None,
    size: Size = 0,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Say which system takes the documents of users, or one document of theirs, and why.

    What a user is told at `GET /v2/rollout`, worked out here from the stage's flags. Addresses that the pool does not
    know are named at the end, with exit code 1.
    """
    account = Account(file, stage)
    flags = StageFlags(account).parsed()
    document = name and File(name, mimetypes.guess_type(PurePath(name).name)[0] or "", round(size * MEGABYTE))
    choices: dict[str, Choice] = {}
    unknown: list[str] = []
    for each in users:
        try:
            user = _user(each, account)
        except UnknownUserError as error:
            unknown.append(str(error))
        else:
            choices[each] = rollout.choose(flags.rollout, user, document or None, paused=ENTRY in flags.paused)
    _print(choices, flags.rollout, as_json)
    if unknown:
        raise CliError("; ".join(unknown))


def _print(choices: Mapping[str, Choice], chosen: Rollout, as_json: bool) -> None:
    if as_json:
        print_json([{"user": user, **vars(choice)} for user, choice in choices.items()])
        return
    width = max(map(len, choices), default=0)
    for user, choice in choices.items():
        out.print(f"{user:<{width}}  {choice.use}  {_why(choice, chosen)}", markup=False, soft_wrap=True)


def _user(name: str, account: Account) -> User:
    """The user of a name; an e-mail address is looked up in the stage's pool, as buckets go by the id."""
    if "@" not in name:
        return User(name)
    stack = STACK.format(stage=account.stage)
    with answering(f"user pool of {stack}"):
        [found] = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
        users = account.client("cognito-idp").list_users(
            UserPoolId=outputs[OUTPUTS["userPoolId"]], Filter=f"email = {_quoted(name)}", Limit=2
        )["Users"]
    if len(users) != 1:
        raise UnknownUserError(f"{'no user' if not users else 'more than one user'} of the pool has the address {name}")
    attributes: dict[str, Any] = {attribute["Name"]: attribute["Value"] for attribute in users[0]["Attributes"]}
    return User(attributes["sub"], name)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _why(choice: Choice, chosen: Rollout) -> str:
    return {
        "paused": "the stage is paused",
        "listed": "is listed in rollout.users",
        "rule": "by a rule for such documents",
        "percentage": f"rollout.percentage is {chosen.percentage:g}; from above {choice.bucket / 100:g} on it is new",
    }[choice.reason]
