"""The socket's functions as API Gateway calls them."""

import json
import time
from collections.abc import Callable

import pytest

from tests.handlers.conftest import SUBJECT, event
from tests.handlers.issuer import Issuer
from tests.handlers.runtime_api import Function
from tests.handlers.sockets import Sockets

Functions = Callable[[str], Function]
CONNECTION = "JKJaWeP4oAMCJrg="  #: the socket of the recorded events


@pytest.fixture
def messages(open_sockets: Sockets) -> list[dict[str, object]]:
    """What the recorded socket is sent, from a fresh start."""
    open_sockets.open(CONNECTION)
    return open_sockets.sent[CONNECTION]


def authorize(function: Functions, token: str | None) -> dict[str, object]:
    request = event("websocket_authorizer", queryStringParameters=None if token is None else {"token": token})
    return dict(function("websocket_authorizer").invoke(request))


def effect(policy: dict[str, object]) -> str:
    return str(json.loads(json.dumps(policy))["policyDocument"]["Statement"][0]["Effect"])


def test_a_valid_token_opens_a_socket(function: Functions, token_issuer: Issuer) -> None:
    policy = authorize(function, token_issuer.token(SUBJECT))
    assert (policy["principalId"], effect(policy)) == (SUBJECT, "Allow")
    assert "Socket authorized" in function("websocket_authorizer").log


def test_tokens_are_not_logged(function: Functions, token_issuer: Issuer) -> None:
    tokens = [token_issuer.token(SUBJECT), token_issuer.token(SUBJECT, aud="another-client")]
    for token in tokens:
        authorize(function, token)
    log = function("websocket_authorizer").log
    assert not [part for token in tokens for part in token.split(".")[1:] if part in log]


def test_what_the_authorizer_answers_is_what_connect_was_recorded_with(
    function: Functions, token_issuer: Issuer
) -> None:
    policy = authorize(function, token_issuer.token(SUBJECT, **{"cognito:groups": ["finance"]}))
    recorded = event("websocket_connect")["requestContext"]["authorizer"]
    assert isinstance(policy["context"], dict)
    assert set(policy["context"]) == set(recorded) - {"principalId", "integrationLatency"}
    assert policy["context"]["principals"] == recorded["principals"]


def test_no_other_token_does(function: Functions, token_issuer: Issuer) -> None:
    past = int(time.time()) - 3600
    good = token_issuer.token(SUBJECT)
    header, _, signature = good.split(".")
    _, payload, _ = token_issuer.token("somebody-else").split(".")
    for token in (
        None,
        "",
        "not-a-token",
        f"{header}.{payload}.{signature}",  # tampered with
        token_issuer.token(SUBJECT, exp=past),
        token_issuer.token(SUBJECT, aud="another-client"),
        token_issuer.token(SUBJECT, iss="https://example.com"),
    ):
        assert effect(authorize(function, token)) == "Deny"


def test_a_socket_lives_and_dies(function: Functions, messages: list[dict[str, object]]) -> None:
    assert function("websocket_connect").invoke(event("websocket_connect")) == {"statusCode": 200}
    function("websocket_ping").invoke(event("websocket_ping"))
    function("websocket_subscribe").invoke(event("websocket_subscribe"))
    function("websocket_unsubscribe").invoke(event("websocket_unsubscribe"))
    function("websocket_default").invoke(event("websocket_default"))
    assert function("websocket_disconnect").invoke(event("websocket_disconnect")) == {"statusCode": 200}
    assert [(message["type"], message.get("code")) for message in messages] == [
        ("pong", None),
        ("error", "not_found"),  # the recorded document is nobody's
        ("unsubscription_confirmed", None),
        ("error", "unknown_action"),
    ]


def test_a_change_that_nobody_watches_is_pushed_to_nobody(function: Functions) -> None:
    assert function("status_pusher").invoke(event("dynamodb_status_stream")) == {"batchItemFailures": []}
