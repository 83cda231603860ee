"""A document that goes through the pipelines carries what that has cost, and says so once when it is done."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.cost import charges
from core.cost.costs import Quantity, Sum
from core.cost.ledger import months_kept
from core.events import Message
from core.status import DocumentStatus
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.pipelines import Bench

TEXT = "\n\n".join(f"Chapter {number}\n\n" + "Ferries sail every day. " * 200 for number in range(4)).encode()


@pytest.fixture
def bench(emulator: TestEmulator, database: TestDatabase) -> Iterator[Bench]:
    opened = database.connect()
    yield Bench(emulator, database, opened, aws_lambda_function_memory_size=3008, aws_lambda_function_name="text")
    opened.close()


def work_all(bench: Bench) -> None:
    """What the function does with every job."""
    for job in bench.jobs():
        with charges.charged(Message(job.to_json(), 1), bench.services):
            bench.work(job)


def ledger(bench: Bench, status: DocumentStatus) -> Sum:
    months = months_kept(datetime.now(UTC))[-1:]
    return Sum.of(bench.services.ledger.of_document(status.owner, status.document_id, months))


def reported(capsys: pytest.CaptureFixture[str]) -> list[float]:
    """The values of the metric that were written since the last look."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line["DocumentCostUSD"] for line in lines if "DocumentCostUSD" in line]


def test_entry_and_workers_are_charged_and_the_end_reports_the_sum(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = bench.upload(TEXT, "ferries.md")
    work_all(bench)
    total = ledger(bench, begun)
    assert total.calls == 2  # the entry, and one part
    assert total.used[Quantity.ROW_BYTES] > 4 * 384 * 2  # at least the vectors
    assert total.used[Quantity.S3_BYTES] > len(TEXT)  # the file, and the text that was read
    [dollars] = reported(capsys)
    assert 0 < dollars * 1e9 <= total.nano_usd
    assert dollars * 1e9 > 0.5 * total.nano_usd


def test_a_new_version_adds_to_the_document_and_is_reported_by_itself(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = bench.upload(TEXT, "ferries.md")
    work_all(bench)
    first = ledger(bench, begun).nano_usd
    reported(capsys)
    bench.upload(TEXT + b"More of them.", "ferries.md")
    work_all(bench)
    both = ledger(bench, begun).nano_usd
    [dollars] = reported(capsys)
    assert both > first
    assert dollars * 1e9 <= both - first


def test_outside_lambda_nothing_is_reported(
    emulator: TestEmulator, database: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = database.connect()
    bench = Bench(emulator, database, opened)
    begun = bench.upload(b"A note about ferries.", "note.txt")
    work_all(bench)
    assert ledger(bench, begun).calls == 0
    assert reported(capsys) == []
    opened.close()
