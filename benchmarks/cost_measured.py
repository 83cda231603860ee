"""Documents taken through the entry and both workers, one call at a time, with what each call took."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cost_estimate import Call
from core.cost import consumption
from core.cost.costs import Quantity
from core.settings import Settings
from local.emulator import Emulator
from local.ports import free_port
from local.postgres import PostgresServer
from local.settings import StackSettings
from tests.databases import TEMPLATE, TestDatabase, TestServer
from tests.declarations import functions
from tests.emulators import TestEmulator
from tests.pipelines import Bench

ENTRY = "async_document_processor"
WORKERS = {"text": "text_rag_processor", "visual": "vdr_processor"}
DELIVERY_REQUESTS = 2  #: to receive a message and to delete it


@dataclass
class Measured:
    """A document and the calls that were made for it."""

    name: str
    pages: int = 0
    tokens: int = 0
    calls: list[Call] = field(default_factory=list)

    @contextmanager
    def call(self, function: str) -> Iterator[None]:
        """Measure the block as a call of a function."""
        before, begun, started = consumption.totals(), sum(os.times()[:4]), time.perf_counter()
        yield
        used = consumption.totals() - before
        used[Quantity.SQS_REQUESTS] += DELIVERY_REQUESTS
        memory = int(functions()[function]["memorySize"])
        seconds, processor = time.perf_counter() - started, sum(os.times()[:4]) - begun
        self.calls.append(Call(function, memory, seconds, processor, used))


@contextmanager
def bench() -> Iterator[Bench]:
    """Throw-away stores, with the part sizes that are deployed."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder, "postgres"), free_port())
        emulator = Emulator(StackSettings(state=Path(folder, "aws"), aws_port=free_port()))
        try:
            test_server = TestServer(server, server.start())
            test_server.make_template()
            emulator.start()
            database = TestDatabase(TEMPLATE, test_server)
            sizes = {name: getattr(Settings(), name) for name in ("text_part_pages", "status_interval_seconds")}
            with closing(database.connect()) as opened:
                yield Bench(TestEmulator.furnish(emulator), database, opened, **sizes)
        finally:
            emulator.stop()
            server.destroy()


def ingest(bench: Bench, path: Path) -> Measured:
    """Take a file through; exits when it cannot be searched in the end."""
    measured = Measured(path.name)
    with measured.call(ENTRY):
        begun = bench.upload(path.read_bytes(), path.name)
    while jobs := bench.jobs():
        for job in jobs:
            with measured.call(WORKERS[job.route]):
                bench.work(job)
    status = bench.status(begun)
    if "tokens" not in status.metadata:
        raise SystemExit(f"{path.name} ended as {status.status}")
    measured.pages, measured.tokens = status.metadata["totalPages"], status.metadata["tokens"]
    return measured
