"""Both pipelines over real stores: uploads taken in by the entry, jobs worked off in any order."""

import uuid
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection

from core import worker
from core.database import transaction
from core.entry import Request, accept
from core.events import Message
from core.jobs import Job
from core.status import DocumentStatus
from rag import text_rag_pipeline
from rag.finish import discard
from tests.databases import TestDatabase
from tests.emulators import DERIVED, UPLOADS, TestEmulator
from tests.services import services_over
from vdr import vdr_pipeline

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PIPELINES = {
    "text": (text_rag_pipeline.process, discard),
    "visual": (vdr_pipeline.process, discard),
}


class Bench:
    """An owner, her uploads, and workers that take the jobs in any order."""

    def __init__(self, emulator: TestEmulator, database: TestDatabase, opened: connection, **settings: Any) -> None:
        self.emulator = emulator.emulator
        chosen = {"text_part_pages": 8, "status_interval_seconds": 0.0} | settings
        self.database = opened
        self.services = services_over(emulator, database.settings(**emulator.settings, **chosen), lambda: opened)
        self.owner = uuid.uuid4().hex

    def upload(self, data: bytes, name: str, **metadata: str) -> DocumentStatus:
        key = f"{self.owner}/{name}"
        self.emulator.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=data, Metadata=metadata)
        return accept(Request(bucket=UPLOADS, key=key), self.services)

    def jobs(self) -> list[Job]:
        """The owner's jobs that wait in the queues, taken from them with what other tests left there."""
        settings = self.services.settings
        sqs = self.emulator.client("sqs")
        found: list[Job] = []
        for url in (settings.text_rag_processing_queue_url, settings.vdr_processing_queue_url):
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.append(Job.from_json(message["Body"]))
        return sorted((job for job in found if job.key.startswith(f"{self.owner}/")), key=lambda job: job.part)

    def work(self, job: Job) -> None:
        """What the worker of the job's queue does."""
        worker.run(Message(job.to_json(), 1), self.services, *PIPELINES[job.route])

    def work_all(self) -> list[Job]:
        """Work until no job waits, also those that workers hand over; the jobs in the order they were done."""
        done: list[Job] = []
        while jobs := self.jobs():
            for job in jobs:
                self.work(job)
            done += jobs
        return done

    def status(self, begun: DocumentStatus) -> DocumentStatus:
        found = self.services.statuses.get(begun.status_id)
        assert found is not None
        return found

    def contents(self) -> list[str]:
        """The chunks of the owner."""
        return [content for (content,) in self.rows("SELECT content FROM hybrid_dense_embeddings ORDER BY chunk_id")]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows that the owner may see."""
        with transaction(self.database, [f"user:{self.owner}"]) as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def derived(self, document_id: str) -> list[str]:
        """Keys of what was derived from a document."""
        listed = self.emulator.client("s3").list_objects_v2(Bucket=DERIVED, Prefix=f"{document_id}/")
        return [item["Key"] for item in listed.get("Contents", [])]
