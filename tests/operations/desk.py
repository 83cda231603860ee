"""An operator's desk: queues of its own with dead-letter queues behind them, and workers that fail for good."""

import json
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

from psycopg2.extensions import connection

from core import worker
from core.blobs import Blobs
from core.events import Message
from core.settings import Settings
from operations.dead_letters import DeadLetterQueues, Limits
from operations.letters import Letter, QueueName
from operations.services import OperationsServices
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.pipelines import PIPELINES, Bench

RECEIVES = Settings().max_receive_count  #: as in serverless/queues.yml
QUICK = Limits(wait_seconds=0)
DEAD = {
    QueueName.TEXT_RAG: "text_rag_dead_letter_queue_url",
    QueueName.VDR: "vdr_dead_letter_queue_url",
    QueueName.DOCUMENT_INDEX: "rag_document_index_dead_letter_queue_url",
}


def furnish(emulator: TestEmulator) -> TestEmulator:
    """The emulator with queues that nobody else uses, each with its dead-letter queue."""
    sqs, run = emulator.emulator.client("sqs"), uuid.uuid4().hex[:8]
    live: dict[QueueName, str] = {}
    dead: dict[str, str] = {}
    for name, setting in DEAD.items():
        url = dead[setting] = sqs.create_queue(QueueName=f"{run}-{name}-dlq")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVES})
        created = sqs.create_queue(QueueName=f"{run}-{name}", Attributes={"RedrivePolicy": policy})
        live[name] = created["QueueUrl"]
    return replace(
        emulator,
        queue_url=live[QueueName.TEXT_RAG],
        vdr_queue_url=live[QueueName.VDR],
        uploads_queue_url=live[QueueName.DOCUMENT_INDEX],
        dead_letter_queue_urls=dead,
    )


class Desk(Bench):
    """A bench whose jobs can fail for good, and what operators work with."""

    def __init__(self, emulator: TestEmulator, database: TestDatabase, opened: connection, **settings: Any) -> None:
        furnished = furnish(emulator)
        super().__init__(furnished, database, opened, **settings)
        self.sqs = furnished.emulator.client("sqs")
        self.live = {
            QueueName.TEXT_RAG: furnished.queue_url,
            QueueName.VDR: furnished.vdr_queue_url,
            QueueName.DOCUMENT_INDEX: furnished.uploads_queue_url,
        }
        self.dead = {name: furnished.dead_letter_queue_urls[setting] for name, setting in DEAD.items()}
        self.dead_letters = DeadLetterQueues(self.sqs, self.dead, QUICK)
        self.operations = OperationsServices.of(self.services, self.dead_letters)

    def fail_all(self) -> None:
        """Deliver every job until it rests in its dead-letter queue: what is derived can be stored nowhere."""
        broken = replace(self.services, blobs=Blobs(self.emulator.client("s3"), f"no-bucket-{self.owner}"))
        for name in (QueueName.TEXT_RAG, QueueName.VDR):
            while received := self._receive(name):
                body, receives, receipt = received
                with suppress(Exception):
                    worker.run(Message(body, receives), broken, *PIPELINES["text" if "text" in name else "visual"])
                    self.sqs.delete_message(QueueUrl=self.live[name], ReceiptHandle=receipt)

    def die(self, body: str, name: QueueName = QueueName.TEXT_RAG) -> None:
        """A message that nobody takes comes to rest."""
        self.sqs.send_message(QueueUrl=self.live[name], MessageBody=body)
        for _ in range(RECEIVES + 1):  # the last one finds nothing, and moves it
            self._receive(name)

    def letters(self) -> list[Letter]:
        """All that rests just now."""
        with self.dead_letters.look() as look:
            return list(look)

    def _receive(self, name: QueueName) -> tuple[str, int, str] | None:
        answer = self.sqs.receive_message(
            QueueUrl=self.live[name], VisibilityTimeout=0, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )
        if not answer.get("Messages"):
            return None
        [message] = answer["Messages"]
        return message["Body"], int(message["Attributes"]["ApproximateReceiveCount"]), message["ReceiptHandle"]

    def waiting(self, name: QueueName) -> list[str]:
        """The messages in a live queue, taken from it."""
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.live[name], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.live[name], ReceiptHandle=message["ReceiptHandle"])
                found.append(message["Body"])
        return found
