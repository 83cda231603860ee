"""A worker process that may be killed: it takes messages from one queue and calls what the Lambda handler calls.

    python -m benchmarks.killed_worker ROLE FOLDER MOST_KILLS

ROLE is ``uploads``, ``text`` or ``visual``. The worker kills itself (SIGKILL) at the first effect on a store that no
worker of its role has been killed at, until FOLDER holds MOST_KILLS of such places; it writes what it does to a file
in FOLDER. Everything else comes from the environment, as for the deployed functions.

The process that is started only imports, and forks a worker again and again: it has one thread and nothing open, so
a worker begins as a fresh process does, after its imports.
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy  # noqa: F401  imported before the fork, as are the next two
import psycopg2  # noqa: F401
import tokenizers  # noqa: F401

from core import aws, worker
from rag import async_processor, store, text_rag_pipeline  # noqa: F401
from rag.finish import discard
from tests.schedules.effects import Effects
from vdr import vdr_pipeline

WAIT_SECONDS = 1
PR_SET_PDEATHSIG = 1  #: of prctl(2): the signal that a process gets when its parent ends
UNSEEN_SECONDS = 2  #: after which a message comes again whose worker was killed before it hid it any longer
QUEUES = {
    "uploads": "rag_document_index_queue_url",
    "text": "text_rag_processing_queue_url",
    "visual": "vdr_processing_queue_url",
}


class Notes:
    """What a worker did, a line an event, written at once."""

    def __init__(self, folder: Path, role: str) -> None:
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        self._file = os.open(folder / "notes" / f"{role}-{os.getpid()}.jsonl", flags)
        self._about = {"role": role, "worker": os.getpid()}
        self.message = ""  #: the one at work

    def add(self, event: str, **more: Any) -> None:
        line = {"event": event, "at": time.time(), "message": self.message, **self._about, **more}
        os.write(self._file, json.dumps(line).encode() + b"\n")


class Places:
    """Where workers of a role have been killed; a file a place, so that all know."""

    def __init__(self, folder: Path, role: str, most: int, notes: Notes) -> None:
        self._folder = folder / "places"
        self._role = role
        self._most = most
        self._notes = notes
        self._seen: Counter[str] = Counter()  #: effects of the message at work

    def begin(self) -> None:
        self._seen.clear()

    def act(self, effect: str) -> None:
        """End this process when nobody was killed at this effect."""
        self._seen[effect] += 1
        place = f"{self._role} {effect} {self._seen[effect]}"
        path = self._folder / place.replace(" ", "_")
        if path.exists() or len(list(self._folder.iterdir())) >= self._most:
            return
        path.touch()
        self._notes.add("killed", place=place)
        os.kill(os.getpid(), signal.SIGKILL)


def handler(role: str, effects: Effects) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What the Lambda function of the role does with an event."""
    services = replace(aws.services(), database=lambda: effects.watched(aws.database()))
    if role == "uploads":
        return lambda event: async_processor.async_document_processor(event, None)
    process = text_rag_pipeline.process if role == "text" else vdr_pipeline.process
    return lambda event: worker.run_each(event, None, services, process, discard)


def serve(role: str, folder: Path, most_kills: int) -> None:
    """Take messages for ever."""
    effects, notes = Effects(), Notes(folder, role)
    places = Places(folder, role, most_kills, notes)
    for name in ("dynamodb", "s3", "sqs"):
        effects.watch(aws.client(name))
    sqs = aws.client("sqs")
    sqs.meta.events.register("after-call.sqs.ChangeMessageVisibility", lambda **_call: notes.add("hidden"))
    url = getattr(aws.services().settings, QUEUES[role])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    handle = handler(role, effects)
    notes.add("ready")
    while True:
        answer = sqs.receive_message(
            QueueUrl=url,
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=UNSEEN_SECONDS,
            AttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", []):
            notes.message = message["MessageId"]
            notes.add("received", times=int(message["Attributes"]["ApproximateReceiveCount"]))
            places.begin()
            with effects.armed(places.act):
                failed = handle({"Records": [_record(message, arn)]})["batchItemFailures"]
                if not failed:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            notes.add("failed" if failed else "done")
            notes.message = ""


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "eventSourceARN": arn,
    }


def replace_killed(work: Callable[[], None]) -> int:
    """Have a worker that does this, and another one whenever it was killed; the status of one that ended otherwise."""
    while True:
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "forking is safe with one thread only"
        process = os.fork()
        if process == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            work()
        _process, status = os.waitpid(process, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            return 1


if __name__ == "__main__":
    sys.exit(replace_killed(partial(serve, sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
