"""The running local stack, as a user of its own sees it: files go in through S3, states come out of the API."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from cli import endpoints, login
from local.settings import SERVICE
from local.stack import LocalStack

USER = "benchmark@example.com"
FINAL = {"completed", "completed_with_gaps", "failed", "cancelled"}
# What a leak of the servers would show in
OPEN_FILES = "open files of the emulator"
SOCKET_RECORDS = "records of sockets"
DATABASE_PROCESSES = "processes of PostgreSQL"
#: The fields that the handlers' log lines are told apart by
LogLine = dict[str, Any]


@dataclass(frozen=True)
class StackUser:
    """A user who is logged in, with an operator's eye on buckets and logs."""

    stack: LocalStack
    api: httpx.Client
    bucket: str
    folder: str  #: key prefix of the user's uploads

    def upload(self, path: Path, name: str) -> str:
        """Put a file into S3; its statusId."""
        key = f"{self.folder}/{name}"
        self.stack.emulator.client("s3").upload_file(str(path), self.bucket, key)
        return f"{self.bucket}#{key}"

    def wait(self, status_id: str, wanted: set[str], seconds: float = 900) -> dict[str, Any]:
        """The document's state once it is one of those wanted, or final."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.api.get(f"{_path(status_id)}/status")
            if answer.status_code == httpx.codes.OK and answer.json()["status"] in wanted | FINAL:
                return dict(answer.json())
            time.sleep(0.25)
        raise SystemExit(f"{status_id} did not get to {', '.join(sorted(wanted))} within {seconds:.0f} s")

    def state(self, status_id: str) -> dict[str, Any]:
        """The document's state as it is now."""
        return dict(self.api.get(f"{_path(status_id)}/status").raise_for_status().json())

    def events(self, document_id: str) -> list[dict[str, Any]]:
        """The first changes of the document's state, in order."""
        answer = self.api.get(f"/v2/documents/{document_id}/events", params={"limit": 200}).raise_for_status()
        return list(answer.json()["events"])

    def delete(self, status_id: str) -> None:
        """Delete the document and all that came of it."""
        self.api.delete(_path(status_id)).raise_for_status()

    def log(self, function: str, since: float) -> Iterator[LogLine]:
        """The JSON lines that a function logged since then."""
        pages = self.stack.emulator.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{SERVICE}-local-{function}"
        for page in pages.paginate(logGroupName=group, startTime=int(since * 1000)):
            for event in page["events"]:
                if event["message"].startswith("{"):
                    yield json.loads(event["message"])


def log_in(name: str = USER) -> StackUser:
    """A user of the stack that runs; exits saying so when none does."""
    stack = LocalStack()
    running = stack.status().endpoints
    if running is None:
        raise SystemExit("the local stack does not run: make up")
    where = endpoints.load(stack.settings.endpoints_file, None)
    token = login.log_in_locally(where, name).id_token
    api = httpx.Client(base_url=where.api, headers={"authorization": f"Bearer {token}"}, timeout=35)
    return StackUser(stack, api, running.uploadsBucket, subject_of(token))


def held(stack: LocalStack) -> dict[str, int]:
    """What a leak would show in: open files of the emulator and its sockets' records, connections of the database."""
    emulator, postgres = stack.emulator.server.pid() or 0, stack.postgres.server.pid() or 0
    sockets = stack.emulator.client("dynamodb").scan(TableName=f"{SERVICE}-local-websocket-connections", Select="COUNT")
    backends = Path(f"/proc/{postgres}/task/{postgres}/children").read_text().split()
    return {
        OPEN_FILES: len(list(Path(f"/proc/{emulator}/fd").iterdir())),
        SOCKET_RECORDS: sockets["Count"],
        DATABASE_PROCESSES: len(backends),
    }


def subject_of(token: str) -> str:
    """Whom a token is for; it comes straight from the user pool, so it need not be verified."""
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def _path(status_id: str) -> str:
    return f"/v2/documents/{quote(quote(status_id, safe=''), safe='')}"
