"""DynamoDB, S3 and SQS are killed: callers are told so in seconds, nothing is acknowledged, and the work goes on."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from core.blobs import Blobs
from core.errors import TransientError
from core.queues import Queues
from core.settings import Settings
from core.status import Status
from local.settings import SAVE_SECONDS
from tests.databases import TestDatabase
from tests.emulators import DERIVED, UPLOADS, TestEmulator
from tests.outages.benches import LEASE_SECONDS, MortalBench
from tests.outages.databases import Connector
from tests.outages.functions import EVENTS, SUBJECT, Api, deployed

SECONDS = 15  #: in which every answer has come


def kill(emulator: TestEmulator) -> None:
    """End the emulator at once; what it had saved is all that is left."""
    process = emulator.emulator.server.pid()
    assert process is not None
    os.killpg(process, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(process, 0)


@pytest.fixture
def bench(mortal_emulator: TestEmulator, database: TestDatabase) -> Iterator[MortalBench]:
    mortal_emulator.emulator.start()
    with closing(Connector(database)) as connector:
        yield MortalBench(mortal_emulator, database, connector)


def refused(api: Api, document: str) -> None:
    """Every route says that it cannot be done now, and when to ask again."""
    calls: list[Callable[[], Any]] = [
        lambda: api.call("GET", "/v2/documents"),
        lambda: api.call("GET", document),
        lambda: api.call("GET", f"{document}/status"),
        lambda: api.call("GET", f"{document}/pages"),
        lambda: api.call("DELETE", document),
        api.upload,
        lambda: api.process(UPLOADS, f"{SUBJECT}/text.pdf"),
    ]
    for number, call in enumerate(calls):
        started = time.monotonic()
        status, body, headers = call()
        assert (status, body["code"], int(headers["retry-after"]) > 0) == (503, "unavailable", True), number
        assert time.monotonic() - started < SECONDS, number


def notification() -> dict[str, Any]:
    """A batch with one message of S3."""
    event = json.loads((EVENTS / "sqs_s3_upload.json").read_text())
    record = event["Records"][0]
    body = {"Records": [{"s3": {"bucket": {"name": UPLOADS}, "object": {"key": f"{SUBJECT}/text.pdf"}}}]}
    return {"Records": [{**record, "body": json.dumps(body)}]}


def test_callers_are_told_and_the_same_functions_answer_when_the_services_are_back(
    bench: MortalBench, mortal_emulator: TestEmulator, database: TestDatabase
) -> None:
    bench.owner = SUBJECT
    begun = bench.paper("text")
    document = f"/v2/documents/{begun.document_id}"
    with deployed(database, mortal_emulator) as api:
        assert [api.call("GET", document)[0], api.upload()[0]] == [200, 201]
        message = notification()["Records"][0]["messageId"]
        assert api.process(UPLOADS, f"{SUBJECT}/text.pdf")[0] == 202
        time.sleep(2 * SAVE_SECONDS)
        kill(mortal_emulator)
        refused(api, document)
        assert api.entry.invoke(notification()) == {"batchItemFailures": [{"itemIdentifier": message}]}
        mortal_emulator.emulator.start()
        assert [api.call("GET", document)[0], api.upload()[0]] == [200, 201]
        assert api.entry.invoke(notification()) == {"batchItemFailures": []}
        bench.work_all()
        assert bench.status(begun).status is Status.COMPLETED
        assert api.call("DELETE", document)[0] == 200


@pytest.mark.parametrize("use", [1, 2])
def test_a_worker_that_loses_the_services_raises_and_is_repeated(
    bench: MortalBench, mortal_emulator: TestEmulator, use: int
) -> None:
    begun = bench.paper("text")
    (job,) = bench.jobs()
    time.sleep(2 * SAVE_SECONDS)
    bench.before = lambda number: kill(mortal_emulator) if number == use else None
    with pytest.raises(TransientError):
        bench.work(job)
    mortal_emulator.emulator.start()
    bench.before = lambda number: None
    time.sleep(LEASE_SECONDS)
    bench.work(job)
    assert bench.status(begun).status is Status.COMPLETED


def test_every_call_to_s3_and_sqs_says_that_it_may_be_repeated(mortal_emulator: TestEmulator, tmp_path: Path) -> None:
    mortal_emulator.emulator.start()
    client = mortal_emulator.emulator.client
    client("s3").put_object(Bucket=UPLOADS, Key="a/b.txt", Body=b"text")
    blobs = Blobs(client("s3"), DERIVED)
    blob = blobs.head(UPLOADS, "a/b.txt")
    assert blob is not None
    queues = Queues(client("sqs"), Settings(**mortal_emulator.settings))
    kill(mortal_emulator)
    calls: list[Callable[[], Any]] = [
        lambda: blobs.head(UPLOADS, "a/b.txt"),
        lambda: blobs.open(blob).read(4),
        lambda: blobs.download(UPLOADS, "a/b.txt", blob.etag, tmp_path / "b"),
        lambda: blobs.put_derived("d/1/x", b"x", "text/plain"),
        lambda: blobs.download_derived("d/1/x", tmp_path / "x"),
        lambda: blobs.delete_derived("d"),
        lambda: blobs.delete_generation("d", 1),
        lambda: blobs.delete(UPLOADS, "a/b.txt"),
        lambda: queues.postpone("arn:aws:sqs:us-east-1:000000000000:test-text-rag-queue", "handle", 5),
    ]
    for call in calls:
        with pytest.raises(TransientError):
            call()
    mortal_emulator.emulator.start()
