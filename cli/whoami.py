"""`amplify-rag whoami`."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import typer

from cli import endpoints, session
from cli.console import out, print_json
from cli.errors import NotLoggedInError
from cli.options import AsJson, EndpointsFile, Stage
from cli.session import Tokens
from core import principals


def whoami(*, file: EndpointsFile = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """Say who is logged in, in which groups, and until when the token is valid; it is renewed first if it has ended."""
    where = endpoints.load(file, stage)
    claims = read_claims(Tokens(where).current())
    kept = session.load(where)
    known = principals.from_claims(claims)
    answer = {
        "user": kept.user if kept else str(claims.get("email", "")),
        "api": where.api,
        "principals": list(known),
        "groups": [name.removeprefix(principals.GROUP) for name in known[1:]],
        "expiresAt": datetime.fromtimestamp(float(claims["exp"]), UTC).isoformat(timespec="seconds"),
    }
    if as_json:
        print_json(answer)
        return
    out.print(f"{answer['user']} at {where.api}", markup=False, soft_wrap=True)
    for principal in known:
        out.print(f"  {principal}", markup=False, soft_wrap=True)
    out.print(f"The token is valid until {answer['expiresAt']}.", markup=False)


def read_claims(token: str) -> dict[str, Any]:
    """What a token says of its owner, unverified: the service verifies it. Raises NotLoggedInError for no token."""
    try:
        _head, payload, _signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {**claims, "sub": claims["sub"], "exp": float(claims["exp"])}
    except (ValueError, KeyError, TypeError) as error:
        raise NotLoggedInError("the kept token is none: amplify-rag login") from error


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(whoami)
