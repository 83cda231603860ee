"""`amplify-rag login`."""

import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from cli import endpoints, session
from cli.console import err, out, print_json
from cli.endpoints import Endpoints
from cli.errors import CliError
from cli.options import AsJson, EndpointsFile, Stage
from cli.session import Session

User = Annotated[str, typer.Option("--user", "-u", prompt="E-mail", help="Your e-mail address.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", "-g", metavar="GROUP", help="On the local stack: join this group, as `operators`."),
]


def login(
    user: User,
    *,
    groups: Groups = None,
    file: EndpointsFile = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Log in and keep the tokens.

    On the local stack the user is made on the way and no password is needed. Elsewhere the password is asked for, or
    read from AMPLIFY_RAG_PASSWORD.
    """
    where = endpoints.load(file, stage)
    if groups and not where.is_local:
        raise CliError("--group is for the local stack; elsewhere the user pool's administrator says who is in a group")
    new = log_in_locally(where, user, groups or ()) if where.is_local else _log_in(where, user)
    session.save(where, new)
    ends = datetime.fromtimestamp(new.expires_at, UTC).isoformat(timespec="seconds")
    if as_json:
        print_json({"user": user, "api": where.api, "expiresAt": ends})
    else:
        out.print(f"Logged in as [bold]{escape(user)}[/] at {where.api}", soft_wrap=True)


def log_in_locally(where: Endpoints, user: str, groups: Sequence[str] = ()) -> Session:
    """A session on the local stack, where whoever owns the machine may be anyone; the password is new each time."""
    from cli import cognito  # noqa: PLC0415  boto3 takes long to import and other commands do without

    password = f"Aa1-{secrets.token_urlsafe(24)}"
    cognito.create_local_user(where, user, password, groups)
    return cognito.log_in(where, user, password)


def _log_in(where: Endpoints, user: str) -> Session:
    from cli import cognito  # noqa: PLC0415  as above

    try:
        return cognito.log_in(where, user, os.environ.get("AMPLIFY_RAG_PASSWORD") or _ask("Password"))
    except cognito.NewPasswordNeededError as needed:
        err.print("This is an invitation: choose your own password.")
        return cognito.choose_password(where, user, _ask("New password", twice=True), needed.challenge_session)


def _ask(text: str, *, twice: bool = False) -> str:
    """A password from the terminal, unseen, or a line of standard input where that is no terminal."""
    if sys.stdin.isatty():
        return str(typer.prompt(text, hide_input=True, confirmation_prompt=twice, err=True))
    return sys.stdin.readline().rstrip("\n")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(login)
