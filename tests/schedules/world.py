"""The world that schedules happen in: owners, their uploads, queues whose messages come in any order, and workers.

Everything behind it is real: PostgreSQL, DynamoDB, S3 and SQS (of the emulator), the entry, the workers, the health
check, the deletion. Only the order of events, the ends of processes and the time are in the test's hand.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from api import deletion
from core import intake, worker
from core.aws import Services
from core.blobs import Blobs
from core.cost.ledger import Ledger
from core.errors import TransientError
from core.events import Message, retry_pause
from core.flags import Flags
from core.part_table import PartTable
from core.queues import Queues
from core.recovery import NotRetryableError, replay, retry
from core.settings import Settings
from core.status import DocumentStatus
from core.status_store import StatusStore
from operations import health
from tests.emulators import DERIVED, UPLOADS, TestEmulator
from tests.pipelines import PIPELINES
from tests.schedules.clock import Clock
from tests.schedules.effects import Effects, Killed
from tests.schedules.faults import Fault, Tally, Waiting, acting
from websocket.connections import Connections

if TYPE_CHECKING:
    from psycopg2.extensions import connection

#: Route of a job, or nothing for an upload → the settings that name its queue, and that one's dead letters
QUEUES = {
    "text": ("text_rag_processing_queue_url", "text_rag_dead_letter_queue_url"),
    "visual": ("vdr_processing_queue_url", "vdr_dead_letter_queue_url"),
    "": ("rag_document_index_queue_url", "rag_document_index_dead_letter_queue_url"),
}
UNSEEN_SECONDS = 5400.0  #: visibility of a message whose receiver has not said otherwise, as in serverless/queues.yml


class World:
    """Real stores, and everything that may happen to them."""

    def __init__(
        self,
        emulator: TestEmulator,
        settings: Settings,
        connect: "Callable[[], connection]",
        clock: Clock,
        tally: Tally,
    ) -> None:
        self.clock, self.tally = clock, tally
        self.effects = Effects()
        self._clients = {name: emulator.emulator.client(name) for name in ("dynamodb", "s3", "sqs")}
        self.plain = {name: emulator.emulator.client(name) for name in ("dynamodb", "s3", "sqs")}
        for client in self._clients.values():
            self.effects.watch(client)
        self._connect = connect
        self._connections: list[connection] = []
        self._depth = 0  #: how many processes are at work, one within the other
        self.settings = settings
        self.services = self._services()
        self.sockets = Connections(self._clients["dynamodb"], settings.need("websocket_connections_table"))
        self.waiting: list[Waiting] = []
        self.resting: list[Waiting] = []  #: in the dead-letter queue
        self.delivered: list[Waiting] = []  #: copies of jobs that a worker has had, which may come once more
        self._drain()
        self.waiting.clear()
        self.resting.clear()

    def close(self) -> None:
        for opened in self._connections:
            opened.close()

    def _services(self) -> Services:
        dynamodb, s3, sqs = (self._clients[name] for name in ("dynamodb", "s3", "sqs"))
        return Services(
            settings=self.settings,
            statuses=StatusStore(dynamodb, self.settings),
            parts=PartTable(dynamodb, self.settings),
            blobs=Blobs(s3, self.settings.derived_bucket),
            queues=Queues(sqs, self.settings),
            ledger=Ledger(dynamodb, self.settings),
            database=self._database,
            flags=Flags,
        )

    def _database(self) -> "connection":
        """The connection of the process that is at work."""
        while len(self._connections) < self._depth:
            self._connections.append(self._connect())
        if self._connections[self._depth - 1].closed:
            self._connections[self._depth - 1] = self._connect()
        return self.effects.watched(self._connections[self._depth - 1])

    def _url(self, route: str) -> str:
        return str(getattr(self.settings, QUEUES[route][0]))

    def _dead_letter_url(self, route: str) -> str:
        return str(getattr(self.settings, QUEUES[route][1]))

    # What users do

    def put(self, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Store a file, of which S3 then tells the entry."""
        self.plain["s3"].put_object(Bucket=UPLOADS, Key=key, Body=data, Metadata=dict(metadata))
        record = {"s3": {"bucket": {"name": UPLOADS}, "object": {"key": key}}}
        self.waiting.append(Waiting(json.dumps({"Records": [record]}), ""))

    def present(self, key: str) -> str | None:
        """The entity tag of the file that is there."""
        blob = Blobs(self.plain["s3"], DERIVED).head(UPLOADS, key)
        return blob.etag if blob else None

    def status(self, key: str) -> DocumentStatus | None:
        return self.services.statuses.get(f"{UPLOADS}#{key}")

    def cancel(self, key: str) -> None:
        if status := self.status(key):
            self._process("cancel", lambda: self.services.statuses.cancel(status.document_id), None)

    def retry(self, key: str, fault: Fault | None = None) -> None:
        def work() -> None:
            if status := self.status(key):
                with suppress(NotRetryableError):
                    retry(status, self.services)

        self._process("retry", work, fault)

    def delete(self, key: str, fault: Fault | None = None) -> str:
        """Delete a document; how that ended."""

        def work() -> None:
            if doomed := deletion.find(f"{UPLOADS}#{key}", self.services):
                deletion.delete(doomed, self.services, self.sockets)

        return self._process("delete", work, fault)

    def delete_by_id(self, document_id: str) -> None:
        """Delete a document whose deletion was cut short."""

        def work() -> None:
            if doomed := deletion.find(document_id, self.services):
                deletion.delete(doomed, self.services, self.sockets)

        self._process("delete", work, None)

    # What operators and the schedule do

    def check_health(self, fault: Fault | None = None) -> None:
        """The health check, which sees the waiting messages in their queues."""
        visible = [each for each in self.waiting if each.route and each.visible_at <= self.clock.time()]
        for message in visible:
            self.plain["sqs"].send_message(QueueUrl=self._url(message.route), MessageBody=message.body)
        self._process("health", lambda: health.check(self.services), fault, drain=False)
        bodies = Counter(message.body for message in visible)
        for found in self._received(self._url):
            if bodies[found.body]:
                bodies[found.body] -= 1
            else:
                self.waiting.append(found)

    def replay(self, message: Waiting) -> None:
        """Send a message again that rests in a dead-letter queue."""
        self.resting.remove(message)
        if message.route:
            self._process("replay", lambda: replay(message.job, self.services), None)
        else:
            self.waiting.append(Waiting(message.body, ""))

    # What queues do

    def deliver(self, message: Waiting, fault: Fault | None = None, *, in_time: bool = True) -> str:
        """Deliver a message when its time has come: how that ended."""
        self.clock.forward_to(message.visible_at)
        message.receives += 1
        message.visible_at = self.clock.time() + UNSEEN_SECONDS
        outcome = self._receive(message, fault, in_time=in_time)
        if outcome == "failed":
            message.visible_at = self.clock.time() + retry_pause(message.receives)
        if outcome == "done":
            self._acknowledge(message)
        elif message.receives >= self.settings.max_receive_count and message in self.waiting:
            self.waiting.remove(message)
            self.resting.append(message)
        return outcome

    def deliver_again(self, message: Waiting, fault: Fault | None = None) -> None:
        """Deliver a copy of a message, also one that is hidden or was done with: queues do so at times."""
        self.tally.duplicates += 1
        if self._receive(Waiting(message.body, message.route, receives=1), fault) == "done":
            self._acknowledge(message)  # whoever acknowledges one copy acknowledges the message

    def _acknowledge(self, message: Waiting) -> None:
        if message in self.waiting:
            self.waiting.remove(message)
        if message.route:
            self.delivered.append(message)

    def _receive(self, message: Waiting, fault: Fault | None, *, in_time: bool = True) -> str:
        self.tally.deliveries += 1
        if not message.route:
            received = Message(message.body, message.receives)
            return self._process("entry", lambda: intake.run(received, self.services), fault)

        def hide(seconds: int) -> None:
            message.visible_at = self.clock.time() + seconds

        def work() -> None:
            received = Message(message.body, message.receives, hide)
            deadline = None if in_time else 0.0
            worker.run(received, self.services, *PIPELINES[message.route], deadline)

        return self._process(f"{message.route} worker", work, fault)

    def _process(self, what: str, work: Callable[[], object], fault: Fault | None, *, drain: bool = True) -> str:
        """Run a process to its end, one way or another: ``done``, ``failed`` or ``killed``."""
        self.tally.actions[what] += 1
        self._depth += 1
        try:
            with self.effects.armed(acting(fault, self.effects, self.tally)):
                work()
            return "done"
        except Killed:
            self.tally.kills += 1
            return "killed"
        except TransientError:
            self.tally.failures += 1
            return "failed"
        except Exception as error:
            if not _is_expected(error):
                raise
            self.tally.failures += 1
            return "failed"
        finally:
            if len(self._connections) >= self._depth:
                self._connections[self._depth - 1].rollback()
            self._depth -= 1
            if drain:
                self._drain()

    def _drain(self) -> None:
        self.waiting += self._received(self._url)
        self.resting += self._received(self._dead_letter_url)

    def _received(self, url_of: Callable[[str], str]) -> Iterator[Waiting]:
        """What was sent to the queues, taken from them."""
        sqs = self.plain["sqs"]
        for route in QUEUES:
            url = url_of(route)
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    yield Waiting(message["Body"], route)


@contextmanager
def opened(world: World) -> Iterator[World]:
    """The world, closed at the end."""
    try:
        yield world
    finally:
        world.close()


def _is_expected(error: Exception) -> bool:
    """Whether a process may end by it, so that its message comes again."""
    return type(error).__name__ in {"LeaseLostError", "ObjectChangedError"}
