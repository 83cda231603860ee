"""serverless.yml as it runs on this machine: who gets in, what a browser may do, and a file's whole way."""

import json
import os
from typing import Any

import httpx
import pytest

from benchmarks.processes import workers
from local.environments import ANSWERING_STEP, READING_STEP
from local.settings import REGION, ROOT
from tests.local.uploads import aws_s3_cp, watch
from tests.osls import osls
from tests.stacks import RunningStack, User

NAME = "summer-timetable.html"


@pytest.fixture(scope="module")
def user(stack: RunningStack) -> User:
    return stack.new_user()


@pytest.fixture(scope="module")
def messages(stack: RunningStack, user: User) -> list[dict[str, Any]]:
    """What was said while a file went its way."""
    return watch(stack, user, lambda: aws_s3_cp(stack, ROOT / "samples" / NAME, f"{user.sub}/{NAME}"))


def test_a_copied_file_is_watched_to_its_end(messages: list[dict[str, Any]]) -> None:
    confirmed, *updates = messages
    assert confirmed["type"] == "subscription_confirmed"
    assert {message["type"] for message in updates} == {"document_status_update"}
    assert updates[-1]["status"] == "completed"
    assert [message["sequence"] for message in updates] == list(range(1, len(updates) + 1))
    progress = [message["metadata"]["progress"] for message in updates]
    assert progress == sorted(progress)
    assert progress[-1] == 100


def test_it_is_found_by_its_owner_alone(stack: RunningStack, user: User, messages: list[dict[str, Any]]) -> None:
    question = {"query": "summer timetable", "top_k": 3}
    mine = stack.call("POST", "/v2/query", token=user.token, body=question)
    assert mine.status == 200
    assert {hit["document_id"] for hit in mine.body["results"]} == {messages[-1]["documentId"]}
    others = stack.call("POST", "/v2/query", token=stack.new_user().token, body=question)
    assert (others.status, others.body["results"]) == (200, [])


def test_its_log_lines_are_json(stack: RunningStack, messages: list[dict[str, Any]]) -> None:
    options = ("logs", "-f", "async_document_processor", "--stage", "local")
    told = osls(*options, variables=stack.stack.settings.environment())
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [line for line in lines if line.get("documentId") == messages[-1]["documentId"]]


def test_reading_gives_way_to_answers_and_these_to_pushes(
    stack: RunningStack, user: User, messages: list[dict[str, Any]]
) -> None:
    assert stack.call("GET", "/v2/documents", token=user.token).status == 200
    assert messages[-1]["status"] == "completed"
    emulator = stack.stack.emulator.server.pid() or 0
    usual = os.getpriority(os.PRIO_PROCESS, emulator)
    steps = {"status_pusher": 0, "documents_api": ANSWERING_STEP, "text_rag_processor": READING_STEP}
    for function, step in steps.items():
        running = workers(emulator, stack.function(function))
        assert {os.getpriority(os.PRIO_PROCESS, process) for process in running} == {usual + step}


def test_nobody_gets_in_without_a_genuine_token(stack: RunningStack, user: User) -> None:
    head, claims, signature = user.token.split(".")
    swapped = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    for token in (None, "nonsense", f"{head}.{claims}.", f"{head}.{claims}.{swapped}"):
        assert stack.call("GET", "/v2/documents", token=token).status == 401, token
    assert stack.call("GET", "/v2/documents", token=user.token).status == 200


@pytest.mark.parametrize(("origin", "allowed"), [("http://localhost:5173", True), ("https://elsewhere.example", False)])
def test_a_page_of_ours_may_call_the_api_and_others_may_not(stack: RunningStack, origin: str, allowed: bool) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    answer = httpx.options(f"{stack.endpoints.api}/v2/query", headers={"origin": origin, **asked})
    assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


def test_the_bucket_takes_no_anonymous_reader(stack: RunningStack, user: User, messages: list[dict[str, Any]]) -> None:
    address = f"{stack.endpoints.aws}/{stack.endpoints.uploadsBucket}/{user.sub}/{NAME}"
    assert httpx.get(address).status_code == 403


def test_functions_have_no_more_rights_than_they_need(stack: RunningStack) -> None:
    """The emulator judges by the deployed roles: what the query function may do is what its role says, and no more."""
    role = next(
        item["RoleName"] for item in stack.client("iam").list_roles()["Roles"] if "QueryHandlerRole" in item["RoleName"]
    )
    arn = f"arn:aws:iam::000000000000:role/{role}"
    actions = ["s3:GetObject", "dynamodb:GetItem", "sqs:SendMessage", "secretsmanager:GetSecretValue"]
    secret = f"arn:aws:secretsmanager:{REGION}:000000000000:secret:amplify-rag-async/local/database-AbCdEf"
    judged = stack.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=actions, ResourceArns=[secret]
    )["EvaluationResults"]
    assert [item["EvalActionName"] for item in judged if item["EvalDecision"] == "allowed"] == actions[-1:]
