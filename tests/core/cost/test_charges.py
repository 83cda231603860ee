"""What each call spends goes into its document's ledger: once, whatever becomes of the call."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from core import entry, worker
from core.aws import Services
from core.cost import charges, consumption
from core.cost.costs import Entry, Quantity
from core.cost.ledger import Ledger, months_kept
from core.errors import DocumentError
from core.events import Message
from core.jobs import Job
from core.lease import Lease
from core.progress import Reporter
from core.settings import Settings
from local.ports import free_port
from tests.core.statuses import job as job_of
from tests.core.statuses import upload
from tests.emulators import UPLOADS, TestEmulator
from tests.services import services_over

MEMORY = 3008
FUNCTION = "amplify-rag-async-test-text_rag_processor"
Act = Callable[[Job, Services, Reporter], None]


class Bench:
    """A queued document, and a function of 3,008 MB that works on it."""

    def __init__(self, emulator: TestEmulator, **settings: Any) -> None:
        lambdas = {"aws_lambda_function_memory_size": MEMORY, "aws_lambda_function_name": FUNCTION}
        self.services = services_over(emulator, Settings(**{**emulator.settings, **lambdas, **settings}))
        self.owner = f"user:{uuid.uuid4()}"
        about = upload(f"{uuid.uuid4().hex}/a.pdf", owner=self.owner)
        self.job = job_of(self.services.statuses.begin(about, total_pages=3, parts=1).status)

    def deliver(self, act: Act = lambda job, services, reporter: None, body: str | None = None) -> dict[str, Any]:
        """What Lambda does with a message, and what is answered."""
        record = {
            "messageId": uuid.uuid4().hex,
            "receiptHandle": "handle",
            "body": self.job.to_json() if body is None else body,
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:test-text-rag-queue",
        }
        return worker.run_each({"Records": [record]}, None, self.services, act, lambda job, services: None)

    def entries(self) -> list[Entry]:
        months = months_kept(datetime.now(UTC))[-1:]
        return list(self.services.ledger.of_document(self.owner, self.job.document_id, months))


@pytest.fixture
def bench(emulator: TestEmulator) -> Bench:
    return Bench(emulator)


def milliseconds(spent: Entry) -> int:
    """How long the call took, as it is billed."""
    return (spent.used.get(Quantity.X86_MB_MS, 0) + spent.used.get(Quantity.ARM_MB_MS, 0)) // MEMORY


def test_a_call_is_charged_by_memory_and_time(bench: Bench) -> None:
    started = time.perf_counter()
    bench.deliver(lambda job, services, reporter: time.sleep(0.05))
    took = (time.perf_counter() - started) * 1000
    [spent] = bench.entries()
    assert 50 <= milliseconds(spent) <= took + 1
    assert (spent.function, spent.part, spent.generation, spent.owner) == (FUNCTION, "0", 1, bench.owner)
    assert spent.used[Quantity.INVOCATIONS] == 1
    assert spent.used[Quantity.SQS_REQUESTS] >= 2  # its message was received, and is deleted
    assert spent.used[Quantity.WRITE_MILLIUNITS] >= 2000  # the part was taken, and is done
    assert spent.nano_usd > milliseconds(spent) * MEMORY / 1024 * 16.6  # nano-dollars of a gigabyte-millisecond


@pytest.mark.parametrize("error", [DocumentError("damaged", "It is damaged."), RuntimeError("anything")])
def test_a_call_that_fails_was_paid_for_too(bench: Bench, error: Exception) -> None:
    def fail(job: Job, services: Services, reporter: Reporter) -> None:
        raise error

    bench.deliver(fail)
    assert len(bench.entries()) == 1


def test_a_job_that_comes_again_is_paid_for_again_as_the_money_is_spent(bench: Bench) -> None:
    bench.deliver()
    bench.deliver()  # dropped: the part is done
    assert len({spent.attempt for spent in bench.entries()}) == 2


def test_what_the_call_uses_on_the_way_is_counted(bench: Bench) -> None:
    consumption.count(Quantity.ROW_BYTES, 1_000_000)  # by somebody before

    def work(job: Job, services: Services, reporter: Reporter) -> None:
        services.blobs.put_derived(f"{job.document_id}/1/text/00000.json.gz", b"x" * 700, "application/gzip")
        consumption.count(Quantity.EMBEDDING_TOKENS, 12)

    bench.deliver(work)
    [spent] = bench.entries()
    assert spent.used[Quantity.S3_BYTES] == 700
    assert spent.used[Quantity.EMBEDDING_TOKENS] == 12
    assert Quantity.ROW_BYTES not in spent.used
    assert spent.used[Quantity.LOG_BYTES] > 100


def test_tokens_of_outside_models_are_charged_at_their_price(emulator: TestEmulator) -> None:
    bench = Bench(emulator, text_embedding_price=0.02)
    bench.deliver(lambda job, services, reporter: consumption.count(Quantity.EMBEDDING_TOKENS, 5_000_000))
    assert bench.entries()[0].nano_usd > 100_000_000


def test_a_message_that_is_no_job_is_charged_to_nobody(bench: Bench) -> None:
    assert bench.deliver(body="{}")["batchItemFailures"]
    assert bench.entries() == []


def test_nothing_is_charged_where_nobody_knows_the_price(emulator: TestEmulator) -> None:
    bench = Bench(emulator, aws_lambda_function_memory_size=0)
    assert bench.deliver() == {"batchItemFailures": []}
    assert bench.entries() == []


@pytest.fixture
def unreachable() -> Any:
    """A client of a DynamoDB that is not there."""
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{free_port()}",
        config=Config(retries={"total_max_attempts": 1}),
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
    )


@pytest.mark.parametrize("named", [True, False])
def test_work_is_done_also_when_it_cannot_be_charged(bench: Bench, unreachable: Any, named: bool) -> None:
    settings = bench.services.settings if named else replace(bench.services.settings, usage_table="")
    bench.services = replace(bench.services, ledger=Ledger(unreachable, settings))
    assert bench.deliver() == {"batchItemFailures": []}
    assert bench.services.parts.records(bench.job.document_id, 1)[0].done


def lost_lease(bench: Bench, name: str) -> None:
    """A worker that took the part, lived for a heartbeat or two, and was killed: only the part table knows of it."""
    job, seconds = bench.job, bench.services.settings.lease_seconds
    wanted = partial(bool, 1)
    lease = Lease(bench.services.parts, job, seconds, message=Message("", 1, id="m"), wanted=wanted, name=name)
    lease.take()
    time.sleep(0.05)
    assert bench.services.parts.renew(job, f"m/{name}", seconds)
    time.sleep(seconds + 0.05)


def test_a_worker_that_was_killed_was_paid_for_until_its_last_sign_of_life(emulator: TestEmulator) -> None:
    bench = Bench(emulator, lease_seconds=0.3)
    lost_lease(bench, "killed")
    bench.deliver()
    lost, own = sorted(bench.entries(), key=lambda spent: spent.attempt != "killed")
    assert lost.attempt == "killed"
    assert 50 <= milliseconds(lost) < 350  # neither the life of its lease nor the wait for the next worker
    bench.deliver()
    assert sum(spent.attempt == "killed" for spent in bench.entries()) == 1
    assert own.attempt != "killed"


def test_the_start_of_a_process_is_billed_to_its_first_call(
    emulator: TestEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charges, "_start_is_charged", False)
    bench = Bench(emulator, aws_lambda_initialization_type="on-demand")
    bench.deliver()
    [first] = bench.entries()
    start = charges._seconds_of_start() * 1000
    assert start > 0
    assert milliseconds(first) >= start
    bench.deliver()
    assert sum(milliseconds(spent) >= start for spent in bench.entries()) == 1


class TestEntry:
    """Taking a document in is charged to it, and to nobody who did not ask for it."""

    @pytest.fixture
    def stored(self, bench: Bench, emulator: TestEmulator) -> entry.Request:
        owner, key = bench.owner, f"{bench.owner.removeprefix('user:')}/note.txt"
        emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=b"A note about ferries.")
        return entry.Request(bucket=UPLOADS, key=key, callers=[owner])

    def spent(self, bench: Bench, request: entry.Request) -> list[Entry]:
        status = bench.services.statuses.get(f"{request.bucket}#{request.key}")
        assert status is not None
        months = months_kept(datetime.now(UTC))[-1:]
        return list(bench.services.ledger.of_document(bench.owner, status.document_id, months))

    def test_it_is_charged_with_the_bytes_of_its_file(self, bench: Bench, stored: entry.Request) -> None:
        entry.accept(stored, bench.services)
        [spent] = self.spent(bench, stored)
        assert (spent.part, spent.generation, spent.used[Quantity.S3_BYTES]) == ("", 1, 21)
        entry.accept(stored, bench.services)  # unchanged: looked at, and not stored again
        assert [each.used.get(Quantity.S3_BYTES) for each in self.spent(bench, stored)].count(21) == 1
        assert len(self.spent(bench, stored)) == 2

    def test_nobody_pays_for_what_a_stranger_asks_for(self, bench: Bench, stored: entry.Request) -> None:
        entry.accept(stored, bench.services)
        with pytest.raises(entry.NotFoundError):
            entry.accept(replace(stored, callers=["user:somebody-else"]), bench.services)
        assert len(self.spent(bench, stored)) == 1


def test_an_entry_is_whole_numbers_of_json(bench: Bench) -> None:
    bench.deliver()
    [spent] = bench.entries()
    assert all(type(amount) is int for amount in [spent.nano_usd, *spent.used.values()])
    assert json.dumps(spent.used)
