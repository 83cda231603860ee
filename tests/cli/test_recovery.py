"""Trying documents again, stopping them, and who is logged in."""

import base64
import json
import time

import pytest

from cli import session
from cli.endpoints import Endpoints
from cli.session import Session
from tests.cli.conftest import Run
from tests.cli.service import Document, Service


def document(service: Service, name: str, status: str) -> Document:
    made = service.documents[name] = Document(name, 1)
    made.add(status, 10)
    return made


@pytest.mark.parametrize(
    ("command", "before", "after"), [("retry", "failed", "queued"), ("cancel", "queued", "cancelled")]
)
def test_each_document_is_asked_for(service: Service, run: Run, command: str, before: str, after: str) -> None:
    first, second = document(service, "[a].pdf", before), document(service, "b.pdf", before)
    result = run(command, first.id, "uploads#me/b.pdf")
    assert result.exit_code == 0
    assert result.stdout == f"{first.id}  {after}\n{second.id}  {after}\n"
    assert [each.states[-1]["status"] for each in (first, second)] == [after, after]


def test_one_that_is_refused_does_not_keep_the_others_from_it(service: Service, run: Run) -> None:
    done, failed = document(service, "a.pdf", "completed"), document(service, "b.pdf", "failed")
    result = run("retry", done.id, "absent", failed.id, "--json")
    assert result.exit_code == 1
    assert [each["documentId"] for each in json.loads(result.stdout)] == [failed.id]
    assert result.stderr.splitlines() == [
        f"{done.id}: The document is completed.",
        "absent: There is no such document.",
        "error: 2 of 3 refused",
    ]


def test_an_outage_ends_the_command(service: Service, run: Run) -> None:
    service.faults.answers = [(500, {})]
    assert run("cancel", "some-id").exit_code == 5


def token(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def test_whoami_tells_principals_groups_and_the_end_of_the_token(run: Run, endpoints: Endpoints) -> None:
    known = token(**{"sub": "5b1e", "exp": 1795255200, "cognito:groups": ["finance", "operators"]})
    session.save(endpoints, Session("me@example.com", known, "refresh", time.time() + 3600))
    result = run("whoami")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"me@example.com at {endpoints.api}",
        "  user:5b1e",
        "  group:finance",
        "  group:operators",
        "The token is valid until 2026-11-21T10:00:00+00:00.",
    ]
    told = json.loads(run("whoami", "--json").stdout)
    assert (told["groups"], told["principals"][0]) == (["finance", "operators"], "user:5b1e")
    assert known not in result.stdout


@pytest.mark.parametrize("kept", ["valid-token", "a.b.c", token(sub="5b1e"), token(exp=1)])
def test_whoami_without_a_token_that_can_be_read(run: Run, endpoints: Endpoints, kept: str) -> None:
    session.save(endpoints, Session("me@example.com", kept, "refresh", time.time() + 3600))
    result = run("whoami")
    assert (result.exit_code, result.stderr) == (3, "error: the kept token is none: amplify-rag login\n")


def test_groups_are_given_on_the_local_stack_alone(run: Run) -> None:
    result = run("login", "--user", "me@example.com", "--group", "operators")
    assert (result.exit_code, "local stack" in result.stderr) == (1, True)
