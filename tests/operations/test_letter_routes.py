"""Operators' routes over HTTP: for operators alone, as described, and every operation is logged with who did it."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from core import logs
from operations.handler import answer
from tests.api.conftest import EVENTS, Reply
from tests.core.statuses import JOB
from tests.operations.desk import Desk
from tests.operations.test_openapi import conforms

PATH = "/v2/operations/dead-letters"
SECRET = "a secret that somebody sent by mistake"  # noqa: S105
OPERATOR = "5b1e0c9a-7d43-4f0e-9a41-3f2f6f0f8f11"


def call(
    desk: Desk, method: str, path: str, body: Any = None, *, groups: str = "[finance operators]", **query: str
) -> Reply:
    """One request, as API Gateway hands it on."""
    event = json.loads((EVENTS / "http_upload.json").read_text())
    event["rawPath"], event["routeKey"] = path, f"{method} {path}"
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"] = groups
    event["queryStringParameters"] = query
    event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
    answered = answer(event, None, desk.operations)  # type: ignore[arg-type]
    return Reply(answered["statusCode"], json.loads(answered["body"]), answered["headers"])


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged from here on."""
    buffer = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", buffer)
    return buffer


def audit(written: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in lines if "operator" in line]


@pytest.mark.parametrize("groups", ["[]", "[finance]", "[operators2]", "[x,operators]", "[[operators]]"])
def test_nobody_but_operators_gets_in(desk: Desk, groups: str) -> None:
    desk.die(JOB.to_json())
    for method, path, body in (
        ("GET", PATH, None),
        ("GET", f"{PATH}/{desk.letters()[0].id}", None),
        ("POST", f"{PATH}/replay", {"all": True}),
        ("POST", f"{PATH}/discard", {"all": True}),
        ("GET", "/v2/operations/nothing", None),
    ):
        refused = call(desk, method, path, body, groups=groups)
        assert (refused.status, refused.body["code"]) == (403, "not_an_operator")
    assert len(desk.letters()) == 1


def test_the_group_of_operators_is_a_setting(desk: Desk) -> None:
    settings = replace(desk.services.settings, operator_group="night-watch")
    desk.operations = replace(desk.operations, settings=settings)
    assert call(desk, "GET", PATH).status == 403
    assert call(desk, "GET", PATH, groups="[night-watch]").status == 200


def test_without_a_verified_token_nothing_is_answered(desk: Desk) -> None:
    event = json.loads((EVENTS / "http_openapi.json").read_text()) | {"routeKey": f"GET {PATH}", "rawPath": PATH}
    assert answer(event, None, desk.operations)["statusCode"] == 401  # type: ignore[arg-type]


def test_letters_are_listed_shown_sent_again_and_counted(desk: Desk) -> None:
    begun = desk.upload(b"One passage about ferries.", "note.txt")
    desk.fail_all()
    listed = call(desk, "GET", PATH, documentId=begun.document_id, code="gave_up", queue="text-rag", limit="1")
    assert conforms(listed, "get", PATH)
    assert (listed.body["total"], listed.body["complete"]) == (1, True)
    [letter] = listed.body["deadLetters"]
    assert (letter["queue"], letter["kind"], letter["part"], letter["pages"]) == ("text-rag", "job", 0, [1, 1])
    assert (letter["statusId"], letter["documentId"]) == (begun.status_id, begun.document_id)
    assert (letter["status"], letter["code"], letter["generation"]) == ("failed", "gave_up", 1)
    shown = call(desk, "GET", f"{PATH}/{letter['id']}")
    assert conforms(shown, "get", f"{PATH}/{{id}}")
    assert shown.body == letter | {"receiveCount": letter["receiveCount"] + 1}
    replayed = call(desk, "POST", f"{PATH}/replay", {"documentId": begun.document_id, "queue": "text-rag"})
    assert conforms(replayed, "post", f"{PATH}/replay")
    assert (replayed.status, replayed.body["replayed"]) == (200, 1)
    assert call(desk, "GET", PATH).body["deadLetters"] == []


def test_what_an_unknown_message_holds_is_not_shown(desk: Desk, written: io.StringIO) -> None:
    desk.die(SECRET)
    listed = call(desk, "GET", PATH)
    [letter] = listed.body["deadLetters"]
    assert (letter["kind"], letter["bytes"], letter["documentId"]) == ("unknown", len(SECRET), None)
    kept = call(desk, "POST", f"{PATH}/replay", {"ids": [letter["id"]]})
    assert (kept.body["replayed"], kept.body["notReplayable"]) == (0, 1)
    discarded = call(desk, "POST", f"{PATH}/discard", {"ids": [letter["id"]]})
    assert conforms(discarded, "post", f"{PATH}/discard")
    assert discarded.body["discarded"] == 1
    assert SECRET not in json.dumps([listed.body, kept.body, discarded.body]) + written.getvalue()


def test_an_unknown_letter_is_not_found(desk: Desk) -> None:
    answered = call(desk, "GET", f"{PATH}/0b8f1c1e-5d3e-4e3f-9a53-8f6f6e0a7c11")
    assert (answered.status, answered.body["code"]) == (404, "dead_letter_not_found")
    assert conforms(answered, "get", f"{PATH}/{{id}}")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "code": "gave_up"},
        {"ids": []},
        {"ids": "x"},
        {"documentId": ""},
        {"queue": "vdr"},
        {"all": True, "queue": "any"},
        {"everything": True},
        [],
        "{",
    ],
)
def test_nothing_is_meant_by_accident(desk: Desk, body: Any) -> None:
    desk.die(JOB.to_json())
    for action in ("replay", "discard"):
        answered = call(desk, "POST", f"{PATH}/{action}", body)
        assert (answered.status, set(answered.body)) == (400, {"error", "code", "requestId"})
    assert len(desk.letters()) == 1


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"queue": "any"}, {"code": "x" * 101}])
def test_a_wrong_list_query_is_refused_by_name(desk: Desk, query: dict[str, str]) -> None:
    answered = call(desk, "GET", PATH, **query)
    assert (answered.status, next(iter(query)) in answered.body["error"]) == (400, True)


def test_who_did_what_is_logged(desk: Desk, written: io.StringIO) -> None:
    desk.die(JOB.to_json())
    call(desk, "GET", PATH, code="gave_up")
    call(desk, "POST", f"{PATH}/discard", {"documentId": JOB.document_id})
    listed, discarded = audit(written)
    assert (listed["operator"], listed["operation"], listed["code"]) == (
        f"user:{OPERATOR}",
        "list dead letters",
        "gave_up",
    )
    assert (discarded["operator"], discarded["operation"]) == (f"user:{OPERATOR}", "discard dead letters")
    assert (discarded["selection"], discarded["discarded"]) == ({"document_id": JOB.document_id}, 1)


def test_an_operation_that_breaks_is_logged_too(desk: Desk, written: io.StringIO) -> None:
    desk.sqs.delete_queue(QueueUrl=next(iter(desk.dead.values())))
    assert call(desk, "POST", f"{PATH}/replay", {"all": True}).status == 500
    [line] = audit(written)
    assert (line["message"], line["operator"]) == ("Operation failed", f"user:{OPERATOR}")
