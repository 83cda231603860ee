"""Operators' routes as API Gateway calls them."""

import json
from collections.abc import Callable

from tests.emulators import TestEmulator
from tests.handlers.conftest import event
from tests.handlers.runtime_api import Function

Functions = Callable[[str], Function]
PATH = "/v2/operations/dead-letters"


def call(function: Functions, groups: str) -> tuple[int, dict[str, object]]:
    request = event("http_documents", rawPath=PATH, routeKey=f"GET {PATH}")
    request["requestContext"]["http"]["path"] = PATH
    request["queryStringParameters"] = {"queue": "vdr"}
    request["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = groups
    answer = function("operations_api").invoke(request)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_operator_sees_dead_letters_and_others_do_not(function: Functions, emulator: TestEmulator) -> None:
    url = emulator.dead_letter_queue_urls["vdr_dead_letter_queue_url"]
    sent = emulator.emulator.client("sqs").send_message(QueueUrl=url, MessageBody="no job at all")
    status, listed = call(function, "[operators]")
    assert (status, listed["total"]) == (200, 1), listed
    assert json.dumps(sent["MessageId"]) in json.dumps(listed)
    refused, answer = call(function, "[readers]")
    assert (refused, answer["code"]) == (403, "not_an_operator")
