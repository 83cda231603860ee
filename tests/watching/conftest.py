"""What both pipelines write, of documents that end in every way."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from psycopg2.extensions import connection

from core import logs, worker
from core.database import DatabaseUnavailableError
from core.errors import DocumentError
from core.jobs import Job
from core.settings import Settings
from rag.finish import discard
from tests.core.pdf_pages import lines as written_lines
from tests.core.pdf_pages import pdf, picture
from tests.databases import TestDatabase, TestServer
from tests.emulators import TestEmulator
from tests.pipelines import PIPELINES, Bench

DATABASE = "test_watching"
TRIES = Settings().max_receive_count


class Watched(Bench):
    """Both pipelines as their queues call them."""

    def deliver(self, job: Job, tries: int = 1) -> None:
        """Let the job's worker have it, as often as it fails."""
        process, _discard = PIPELINES[job.route]
        for count in range(1, tries + 1):
            record = self._record(job, count)
            worker.run_each({"Records": [record]}, None, self.services, process, discard)

    def _record(self, job: Job, count: int) -> dict[str, Any]:
        settings = self.services.settings
        url = settings.vdr_processing_queue_url if job.route == "visual" else settings.text_rag_processing_queue_url
        return {
            "messageId": f"message-{job.document_id}",
            "body": job.to_json(),
            "receiptHandle": "not to be had again",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}",
            "attributes": {"ApproximateReceiveCount": str(count)},
        }

    def break_database(self) -> None:
        self.services = replace(self.services, database=unavailable)


def unavailable() -> connection:
    raise DatabaseUnavailableError("nobody answers", soon=False)


@pytest.fixture(scope="module")
def captured(postgres: TestServer, emulator: TestEmulator) -> Iterator[list[str]]:
    """The lines: a text and a scanned page that are ingested, an empty file, a page without text, a dead database."""
    postgres.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", DATABASE)
    database = TestDatabase(DATABASE, postgres)
    opened = database.connect()
    written = io.StringIO()
    handler: Any = logs._logger().registered_handler
    before, handler.stream = handler.stream, written
    try:
        with contextlib.redirect_stdout(written):
            run_all(Watched(emulator, database, opened))
    finally:
        handler.stream = before
        opened.close()
        postgres.run("DROP DATABASE {} WITH (FORCE)", DATABASE)
    yield written.getvalue().splitlines()


def run_all(watched: Watched) -> None:
    page = pdf(written_lines(20))
    watched.upload(b"The ferry leaves at nine.", "ferry.txt")
    watched.upload(page, "timetable.pdf", rag_route="visual")
    watched.upload(pdf(picture(0, 0, 600, 800)), "blank.pdf", rag_route="text")
    with pytest.raises(DocumentError):
        watched.upload(b"", "empty.txt")
    for job in watched.jobs():
        watched.deliver(job)
    watched.upload(b"The ferry leaves at ten.", "late.txt")
    [late] = watched.jobs()
    watched.break_database()
    watched.deliver(late, TRIES)


@pytest.fixture(scope="module")
def log_lines(captured: list[str]) -> list[str]:
    """Those that are no metrics."""
    return [line for line in captured if "_aws" not in json.loads(line)]


@pytest.fixture(scope="module")
def metric_lines(captured: list[str]) -> list[dict[str, Any]]:
    """Those that are."""
    return [decoded for line in captured if "_aws" in (decoded := json.loads(line))]
