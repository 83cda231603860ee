"""Handlers run with the rights of their own role: one right less, and what needs it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.conftest import event
from tests.handlers.runtime_api import Function

Functions = Callable[..., Function]


@pytest.mark.parametrize(
    ("key", "recorded", "action"),
    [
        ("documents_api", "http_documents", "dynamodb:Query"),
        ("check_health", "schedule", "dynamodb:Scan"),
        ("operations_api", "http_dead_letters", "sqs:ReceiveMessage"),
        ("query_handler", "http_query", "secretsmanager:GetSecretValue"),
    ],
)
def test_without_a_right_of_its_role_a_function_is_refused(
    function: Functions, key: str, recorded: str, action: str
) -> None:
    refused = function(key, without=action)
    kind, answer = refused.outcome(event(recorded))
    assert kind == "error" or failed(answer), answer
    assert "AccessDenied" in refused.log


def failed(answer: Any) -> bool:
    return bool(answer.get("statusCode", 200) >= 500 or answer.get("errors"))


def test_a_right_on_one_table_is_none_on_another(function: Functions) -> None:
    """The resources count too: the table that a function is told of is another's."""
    misled = function("websocket_ping", WEBSOCKET_CONNECTIONS_TABLE="DocumentStatusTable")
    kind, _answer = misled.outcome(event("websocket_ping"))
    assert kind == "error" or "AccessDenied" in misled.log
