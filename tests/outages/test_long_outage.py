"""PostgreSQL stays away for the better part of an hour: what is worked on meanwhile waits, and succeeds in the end."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from core import database_retry, worker
from core.events import retry_pause
from core.recovery import retry
from core.status import FINAL, Status
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.operations.desk import furnish
from tests.outages.benches import MortalBench
from tests.outages.databases import Connector, kill, restart
from tests.pipelines import PIPELINES


class Queue:
    """The queue of text jobs, whose messages need not wait for their time; ``pauses`` are those they would have had."""

    def __init__(self, emulator: TestEmulator, bench: MortalBench) -> None:
        self._sqs, self._bench = emulator.emulator.client("sqs"), bench
        self._url = emulator.queue_url
        self._dead_url = emulator.dead_letter_queue_urls["text_rag_dead_letter_queue_url"]
        self._arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self.pauses: list[int] = []

    def deliver(self) -> int:
        """Deliver what waits, as Lambda does; how many messages were acknowledged."""
        attributes: Any = {"MessageSystemAttributeNames": ["ApproximateReceiveCount"], "MaxNumberOfMessages": 10}
        messages = self._sqs.receive_message(QueueUrl=self._url, **attributes).get("Messages", [])
        done = 0
        for message in messages:
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSourceARN": self._arn,
            }
            answer = worker.run_each({"Records": [record]}, None, self._bench.services, *PIPELINES["text"])
            if answer["batchItemFailures"]:
                self.pauses.append(retry_pause(int(message["Attributes"]["ApproximateReceiveCount"])))
                handle = message["ReceiptHandle"]
                self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                done += 1
        return done

    def letters(self) -> list[Any]:
        messages = self._sqs.receive_message(QueueUrl=self._dead_url, VisibilityTimeout=0).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture
def furnished(emulator: TestEmulator) -> TestEmulator:
    """Queues as serverless/queues.yml has them, and nobody else's."""
    return furnish(emulator)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that has been killed is not asked for seconds whether it is back."""
    monkeypatch.setattr(database_retry, "ATTEMPTS", 1)


@pytest.fixture
def bench(furnished: TestEmulator, mortal_database: TestDatabase) -> Iterator[MortalBench]:
    with closing(Connector(mortal_database)) as connector:
        yield MortalBench(furnished, mortal_database, connector)


@pytest.fixture
def queue(furnished: TestEmulator, bench: MortalBench) -> Queue:
    return Queue(furnished, bench)


def test_an_outage_of_most_of_an_hour_costs_nothing(
    bench: MortalBench, queue: Queue, mortal_database: TestDatabase
) -> None:
    begun = bench.paper("text")
    kill(mortal_database.server)
    deliveries = bench.services.settings.max_receive_count - 1
    for _delivery in range(deliveries):
        assert queue.deliver() == 0
    assert bench.status(begun).status not in FINAL
    assert sum(queue.pauses) > 55 * 60
    restart(mortal_database.server)
    assert queue.deliver() == 1
    assert bench.status(begun).status is Status.COMPLETED
    assert queue.letters() == []


def test_what_an_outage_outlasts_rests_and_goes_on_where_it_stood(
    bench: MortalBench, queue: Queue, mortal_database: TestDatabase
) -> None:
    begun = bench.paper("text")
    kill(mortal_database.server)
    while not queue.deliver():
        assert len(queue.pauses) < bench.services.settings.max_receive_count
    failed = bench.status(begun)
    assert (failed.status, failed.metadata["code"], failed.metadata["retryable"]) == (
        Status.FAILED,
        "unavailable",
        True,
    )
    [letter] = queue.letters()
    assert letter["document_id"] == begun.document_id
    restart(mortal_database.server)
    retry(failed, bench.services)
    assert queue.deliver() == 1
    assert bench.status(begun).status is Status.COMPLETED
