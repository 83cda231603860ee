"""The deployed stack, where the gateway verifies tokens: every route, socket and command, by everybody who may not."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import typer
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from cli import endpoints as endpoints_of
from cli import session
from cli.main import app
from cli.session import Session
from core.status import FINAL
from tests.declarations import functions
from tests.security.gateway import routes
from tests.security.pool_tokens import PoolTokens, of_another_pool
from tests.security.route_cases import has_case, one_case
from tests.security.tenants import Document
from tests.stacks import RunningStack, User

Tried = Callable[[str], None]
FILE = b"The harbour dues of Mirrey are waived for the wooden ferry."
NAME = "dues.txt"
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def group() -> str:
    return f"finance-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def member(stack: RunningStack, group: str) -> User:
    return stack.new_user((group,))


@pytest.fixture(scope="module")
def stranger(stack: RunningStack, group: str) -> User:
    return stack.new_user((f"{group},x", f"[{group}]"))


@pytest.fixture(scope="module")
def document(stack: RunningStack, member: User, group: str) -> Document:
    """A document of a group, announced by one of its members, after all that happens to it."""
    wanted = {"fileName": NAME, "size": len(FILE), "owner": f"group:{group}"}
    announced = stack.call("POST", "/v2/uploads", token=member.token, body=wanted).body
    form, path = announced["upload"], f"/v2/documents/{announced['documentId']}/status"
    assert httpx.post(form["url"], data=form["fields"], files={"file": (NAME, FILE)}).status_code == 204
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := stack.call("GET", path, token=member.token).body["status"]) not in FINAL:
        assert time.monotonic() < deadline, status
        time.sleep(0.5)
    return Document(announced["documentId"], announced["key"], announced["bucket"])


@pytest.fixture(scope="module")
def flawed(stack: RunningStack, member: User) -> Iterator[dict[str, str]]:
    """Tokens that are none, by what is wrong with each."""
    with of_another_pool(stack) as foreign:
        yield dict(PoolTokens.of(stack, member).flawed()) | {"of another pool": foreign}


def test_the_pools_own_key_makes_good_tokens(stack: RunningStack, member: User) -> None:
    """So that what is refused below is refused for its flaw."""
    token = PoolTokens.of(stack, member).signed(exp=int(time.time()) + 60)
    assert stack.call("GET", "/v2/documents", token=token).status == 200


def test_no_route_lets_anybody_in(
    stack: RunningStack, document: Document, flawed: dict[str, str], tried: Tried
) -> None:
    body = {"message": "Unauthorized"}
    with httpx.Client(base_url=stack.endpoints.api, timeout=30) as client:
        for route in routes():
            if not route.guarded:
                continue
            assert has_case((route.method, route.path))
            case = one_case((route.method, route.path), document)
            sent: dict[str, Any] = {} if case.body is None else {"json": case.body}
            genuine = flawed["expired"]
            for headers, query in [
                *(({"authorization": f"Bearer {token}".strip()}, "") for token in flawed.values()),
                ({}, ""),
                ({}, f"?token={genuine}&authorization=Bearer%20{genuine}"),
                ({"authorization": "Basic YWRtaW46YWRtaW4="}, ""),
                ({"x-authorization": f"Bearer {genuine}", "cookie": f"token={genuine}"}, ""),
            ]:
                answer = client.request(route.method, case.path + query, headers=headers, **sent)
                assert (answer.status_code, answer.json()) == (401, body), (route, headers)
                tried("requests without a genuine token, to the deployed gateway")


def test_no_socket_opens(stack: RunningStack, flawed: dict[str, str], tried: Tried) -> None:
    for query in [
        *(f"?token={token}" for token in flawed.values()),
        "",
        "?token",
        "?user=ann",
        "?Token=x&authorization=y",
    ]:
        with pytest.raises(InvalidStatus) as refusal, connect(stack.endpoints.websocket + query):
            pass
        assert refusal.value.response.status_code in {401, 403}, query
        tried("sockets without a genuine token")


def say(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    socket.send(json.dumps(message))
    return dict(json.loads(socket.recv(timeout=30)))


def test_no_action_tells_a_stranger_anything(
    stack: RunningStack, stranger: User, document: Document, tried: Tried
) -> None:
    actions = {
        event["websocket"]
        for function in functions().values()
        for event in function.get("events", [])
        if isinstance(event.get("websocket"), str)
    }
    never = Document(str(uuid4()), f"{uuid4()}/{NAME}", document.bucket)
    asked: dict[str, Callable[[Document], list[dict[str, Any]]]] = {
        "subscribe": lambda d: [
            {"documentId": d.document_id},
            {"statusId": d.status_id},
            {"documentId": d.document_id, "after": 0},
        ],
        "unsubscribe": lambda d: [{"documentId": d.document_id}, {"statusId": d.status_id}],
        "ping": lambda d: [{"documentId": d.document_id}],
        "$default": lambda d: [{"documentId": d.document_id}],
        "$disconnect": lambda d: [],
    }
    assert actions == set(asked)
    with connect(f"{stack.endpoints.websocket}?token={stranger.token}", open_timeout=30) as socket:
        for action, requests in asked.items():
            for theirs, none in zip(requests(document), requests(never), strict=True):
                answers = [say(socket, action=action, **fields) for fields in (theirs, none)]
                told = [
                    {k: v for k, v in answer.items() if k not in {"documentId", "statusId", "timestamp"}}
                    for answer in answers
                ]
                assert told[0] == told[1]
                assert "document_status_update" not in str(answers)
                tried("socket requests by a stranger")
        assert say(socket, action="subscribe", all=True)["type"] == "subscription_confirmed"
        owner = say(socket, action="subscribe", all=True, owner="group:x")
        assert owner["code"] == "bad_request"
        with pytest.raises(TimeoutError):
            socket.recv(timeout=1)


def test_a_member_hears_the_group(stack: RunningStack, member: User, document: Document) -> None:
    with connect(f"{stack.endpoints.websocket}?token={member.token}", open_timeout=30) as socket:
        assert say(socket, action="subscribe", all=True)["type"] == "subscription_confirmed"
        announced = {
            "fileName": f"{uuid4()}.txt",
            "size": 5,
            "owner": json.loads(json.dumps(document.key.split("/")[0])),
        }
        created = stack.call("POST", "/v2/uploads", token=member.token, body=announced).body
        heard = json.loads(socket.recv(timeout=30))
        assert (heard["documentId"], heard["status"]) == (created["documentId"], "awaiting_upload")


def test_a_socket_ends_with_its_token(stack: RunningStack, member: User, document: Document) -> None:
    ending = PoolTokens.of(stack, member).signed(exp=int(time.time()) + 8)
    with connect(f"{stack.endpoints.websocket}?token={ending}", open_timeout=30) as socket:
        assert say(socket, action="subscribe", documentId=document.document_id)["type"] == "subscription_confirmed"
        socket.recv(timeout=30)  # the state
        time.sleep(9)
        answer = say(socket, action="ping")
        assert (answer["type"], answer["code"]) == ("closing", "token_expired")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)


def test_no_log_holds_a_token(stack: RunningStack, member: User, stranger: User, flawed: dict[str, str]) -> None:
    """Sockets carry it in their address; it must not be written down with that, nor anywhere else."""
    for user in (member, stranger):
        with connect(f"{stack.endpoints.websocket}?token={user.token}", open_timeout=30):
            pass
    parts = {part for token in (member.token, stranger.token, *flawed.values()) for part in token.split(".")[1:]}
    secrets = [part for part in parts if len(part) > 20]
    assert secrets
    logs = stack.client("logs")
    written = [file.read_text(errors="replace") for file in stack.stack.settings.logs.iterdir()]
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        written += [event["message"] for page in pages for event in page["events"]]
    assert any("Socket authorized" in text for text in written)
    assert not [part for part in secrets for text in written if part in text]


#: Each command with what a stranger would say; DOCUMENT stands for another's
COMMANDS: dict[str, list[str]] = {
    "upload": ["upload", "FILE", "--no-wait", "--group", "GROUP"],
    "status": ["status", "DOCUMENT", "--history"],
    "watch": ["watch", "DOCUMENT"],
    "query": ["query", "harbour dues", "-d", "DOCUMENT"],
    "documents": ["documents"],
    "delete": ["delete", "DOCUMENT", "--yes"],
    "cost": ["cost", "DOCUMENT"],
    "retry": ["retry", "DOCUMENT"],
    "cancel": ["cancel", "DOCUMENT"],
    "pages": ["pages", "DOCUMENT"],
    "image": ["image", "DOCUMENT", "1", "-o", "page.webp"],
    "doctor": ["doctor"],
    "dlq list": ["dlq", "list"],
    "dlq show": ["dlq", "show", "DOCUMENT"],
    "dlq replay": ["dlq", "replay", "--all"],
    "dlq discard": ["dlq", "discard", "--all", "--yes"],
}
#: About the user's own log-in, files on this machine, and collections that are uploaded as one's own
ABOUT_NO_DOCUMENT = {"login", "whoami", "route", "eval retrieval", "eval pages"}
#: They send no token but act with the operator's own AWS credentials, and users have none: IAM decides there
FOR_OPERATORS = {
    "migrate",
    *("pause", "resume", "rollout check"),
    *("flags show", "flags set", "flags unset", "flags reset"),
    *("trigger show", "trigger take", "trigger give-back"),
}


def commands(group: Any, before: str = "") -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= commands(command, f"{before}{name} ") if hasattr(command, "commands") else {before + name}
    return found


def test_every_command_has_a_case() -> None:
    assert commands(typer.main.get_command(app)) == set(COMMANDS) | ABOUT_NO_DOCUMENT | FOR_OPERATORS


@pytest.fixture
def at_home(tmp_path: Path, stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and a folder with a file, of somebody who knows where the stack is."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("AMPLIFY_RAG_ENDPOINTS", str(stack.stack.settings.endpoints_file))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("Mine.")
    return tmp_path


@pytest.fixture
def as_stranger(stack: RunningStack, stranger: User) -> Callable[[], None]:
    """Logs the stranger in."""
    where = endpoints_of.read(stack.stack.settings.endpoints_file)
    return lambda: session.save(where, Session(stranger.email, stranger.token, "", time.time() + 3600))


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_tells_anybody_anything(
    command: str, as_stranger: Callable[[], None], group: str, document: Document, tried: Tried
) -> None:
    for number, name in enumerate((document.document_id, document.status_id)):
        named = {"DOCUMENT": name, "FILE": "mine.txt", "GROUP": group}
        said = [named.get(word, word) for word in COMMANDS[command]]
        if number == 0:
            nobody = CliRunner().invoke(app, said)
            assert nobody.exit_code == 3, nobody.output
            as_stranger()
        strange = CliRunner().invoke(app, said)
        assert strange.exit_code == (0 if command in {"query", "documents"} else 1), strange.output
        for outcome in (nobody, strange):
            told = outcome.output.replace(name, "").replace(group, "")
            assert not [word for word in ("Mirrey", "wooden", NAME, document.document_id) if word in told], told
            tried("commands by nobody and by a stranger")


def test_all_that_was_tried_changed_nothing(stack: RunningStack, member: User, document: Document) -> None:
    path = f"/v2/documents/{document.document_id}"
    assert stack.call("GET", path, token=member.token).body["status"] in FINAL
    events = stack.call("GET", f"{path}/events?limit=200", token=member.token).body["events"]
    assert [event["status"] for event in events].count("validating") <= 1  # nobody had it processed again
