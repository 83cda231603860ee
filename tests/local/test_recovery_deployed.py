"""The deployed stack when a worker is killed: its part comes again, and the document is as if nothing had happened."""

import contextlib
import io
import json
import os
import signal
import time
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from benchmarks.processes import workers
from local.settings import SERVICE
from tests.local.uploads import FINAL
from tests.stacks import RunningStack, User

PAGES, LINES = 100, 45
WORKERS = 2  #: as serverless/params.yml has it; the pages make a part for each
PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def user(stack: RunningStack) -> User:
    return stack.new_user()


def report() -> bytes:
    """A PDF that takes a worker a few seconds."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for page in range(1, PAGES + 1):
        text = canvas.beginText(50, 800)
        for line in range(LINES):
            text.textLine(f"Page {page}, line {line}: the pump of dock {page * 7 % 31} was checked by crew {line}.")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def upload(stack: RunningStack, user: User, name: str, data: bytes) -> str:
    key = f"{user.sub}/{name}"
    stack.client("s3").put_object(Bucket=stack.endpoints.uploadsBucket, Key=key, Body=data)
    return f"{stack.endpoints.uploadsBucket}#{key}"


def state(stack: RunningStack, user: User, status_id: str) -> dict[str, Any]:
    """The document's state; empty while it is unknown."""
    listed = stack.call("GET", "/v2/documents", token=user.token).body["documents"]
    document = next((one["documentId"] for one in listed if one["statusId"] == status_id), None)
    if document is None:
        return {}
    return dict(stack.call("GET", f"/v2/documents/{document}/status", token=user.token).body)


def wait(stack: RunningStack, user: User, status_id: str, wanted: set[str]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = state(stack, user, status_id)
        if found.get("status") in wanted | FINAL:
            return found
        time.sleep(0.2)
    raise AssertionError(f"not {wanted} in time: {found}")


def leased(stack: RunningStack, document_id: str) -> int:
    """How many parts of the document a worker has taken."""
    found = stack.client("dynamodb").query(
        TableName=f"{SERVICE}-local-document-parts",
        KeyConditionExpression="documentId = :document",
        FilterExpression="attribute_exists(holder)",
        ExpressionAttributeValues={":document": {"S": document_id}},
        ConsistentRead=True,
    )
    return int(found["Count"])


def kill_workers(stack: RunningStack, function: str) -> int:
    """Send SIGKILL to every process that runs a function of this stack; how many there were."""
    killed = 0
    for process in workers(stack.stack.emulator.server.pid() or 0, stack.function(function)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            killed += 1
    return killed


def test_a_killed_worker_costs_time_and_nothing_else(stack: RunningStack, user: User) -> None:
    data = report()
    killed = upload(stack, user, "killed.pdf", data)
    document = wait(stack, user, killed, {"extracting_text", "chunking", "embedding", "storing"})["documentId"]
    while leased(stack, document) < WORKERS:  # one killed before it has its part is for the health check, minutes later
        time.sleep(0.05)
    assert kill_workers(stack, "text_rag_processor") > 0
    ended = wait(stack, user, killed, FINAL)
    assert ended["status"] == "completed", ended
    undisturbed = wait(stack, user, upload(stack, user, "undisturbed.pdf", data), FINAL)
    for count in ("totalPages", "pagesDone", "chunks", "tokens", "parts"):
        assert ended["metadata"][count] == undisturbed["metadata"][count], count


def test_the_health_check_may_do_all_that_it_must(stack: RunningStack) -> None:
    answer = stack.client("lambda").invoke(FunctionName=stack.function("check_health"), Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, report
    assert report["errors"] == 0
