"""``GET /v2/rollout`` as API Gateway calls it: which system the caller uses."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.rollout import bucket_of
from tests.emulators import TestEmulator
from tests.handlers.conftest import SUBJECT, event
from tests.handlers.runtime_api import Function

Functions = Callable[..., Function]
RULE = {"use": "old", "name": "*.key", "contentType": "*", "largerThanMb": 0}


@pytest.fixture
def ask(function: Functions, emulator: TestEmulator, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Asks as the user of the recorded events, with these flags set."""

    def asking(**flags: Any) -> dict[str, Any]:
        name = f"/amplify/{request.node.name}{len(json.dumps(flags))}/rag/flags"
        ssm = emulator.emulator.client("ssm")
        ssm.put_parameter(Name=name, Value=json.dumps(flags), Type="String", Overwrite=True)
        answer = function("rollout", FLAGS_PARAMETER=name).invoke(event("http_rollout"))
        assert answer["statusCode"] == 200, answer
        return dict(json.loads(answer["body"]))

    return asking


def test_the_caller_learns_its_own_lot_and_nobody_elses(ask: Callable[..., dict[str, Any]]) -> None:
    told = ask(rollout={"percentage": 0, "users": ["me@example.com", "other@example.com"], "rules": [RULE]})
    assert told == {
        "use": "new",
        "reason": "listed",
        "bucket": bucket_of(SUBJECT),
        "rollout": {"paused": False, "percentage": 0, "users": [SUBJECT], "rules": [RULE]},
    }


def test_while_the_entry_is_paused_everybody_uses_the_older_system(ask: Callable[..., dict[str, Any]]) -> None:
    told = ask(rollout={"percentage": 100}, paused={"entry": []})
    assert (told["use"], told["reason"], told["rollout"]["paused"]) == ("old", "paused", True)


def test_without_a_token_nothing_is_told(function: Functions) -> None:
    stranger = event("http_rollout")
    del stranger["requestContext"]["authorizer"]
    assert function("rollout").invoke(stranger)["statusCode"] == 401
