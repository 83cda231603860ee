"""Lambda: the token of a new socket in, a policy that allows or denies it out."""

import json
from functools import cache
from typing import Any

from core import logs, principals
from core.settings import settings
from websocket.tokens import TokenError, TokenVerifier


def authorize(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of the socket's REQUEST authorizer; who may connect is told to the routes as ``principals``."""
    token = (event.get("queryStringParameters") or {}).get("token") or ""
    try:
        claims = _verifier().verify(token)
    except TokenError as error:
        logs.info("Socket refused", reason=str(error))
        return _policy(event, "Deny", "anonymous", {})
    logs.info("Socket authorized", sub=claims["sub"])
    known = {
        "sub": claims["sub"],
        "principals": json.dumps(principals.from_claims(claims)),
        "exp": str(int(claims["exp"])),
    }
    return _policy(event, "Allow", claims["sub"], known)


def _policy(event: dict[str, Any], effect: str, principal: str, known: dict[str, str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": known,
    }


@cache
def _verifier() -> TokenVerifier:
    return TokenVerifier(settings())
