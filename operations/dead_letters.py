"""The dead-letter queues: SQS cannot show a message without receiving it, so a look takes all and gives them back."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core import logs
from core.outages import outage
from operations.letters import Letter, QueueName

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: What a look holds is hidden from others for so long; as long as the function may run, should it end half-way
HIDDEN_SECONDS = 30
RECEIVE_BATCH = 10  #: as many as SQS gives or takes at once
ATTRIBUTES: Sequence[Literal["SentTimestamp", "ApproximateReceiveCount"]] = ("SentTimestamp", "ApproximateReceiveCount")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far one look goes."""

    letters: int = 1000
    seconds: float = 20.0  #: within the 29 seconds of an HTTP answer
    #: How long SQS is asked to look for a message before a queue counts as empty; without a wait it asks some servers
    wait_seconds: int = 1


class DeadLetterQueues:
    """The dead-letter queues of one stage; safe to share between threads, as the client is.

    Everything raises TransientError when SQS is unavailable.
    """

    def __init__(self, client: "SQSClient", urls: Mapping[QueueName, str], limits: Limits = Limits()) -> None:
        self._client = client
        self._urls = urls
        self._limits = limits

    def limited(self, limits: Limits) -> "DeadLetterQueues":
        """The same queues, looked at no further than so."""
        return DeadLetterQueues(self._client, self._urls, limits)

    @contextmanager
    def look(self, queues: Sequence[QueueName] = tuple(QueueName)) -> Iterator["Look"]:
        """A look at these queues; what it has not removed when the block ends is there for others again."""
        look = Look(self._client, {name: self._urls[name] for name in queues}, self._limits)
        try:
            yield look
        finally:
            look.give_back()


class Look:
    """The letters of some queues, as they are received; iterate over it once."""

    def __init__(self, client: "SQSClient", urls: Mapping[QueueName, str], limits: Limits) -> None:
        self._client = client
        self._urls = urls
        self._limits = limits
        self._ends_at = time.monotonic() + limits.seconds
        self._held: dict[str, tuple[str, str]] = {}  #: id of a letter → its queue's URL and its receipt handle
        self._seen: set[str] = set()
        self.complete = True  #: whether it has seen all that there is, as far as SQS tells; known when it is through

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self._ends_at

    def __iter__(self) -> Iterator[Letter]:
        for name, url in self._urls.items():
            self.complete &= not self._are_elsewhere(url)
            while messages := self._receive(url):
                fresh = [message for message in messages if message["MessageId"] not in self._seen]
                self._hold(url, messages)  # all of them, also those that nobody gets to see
                yield from (_letter(name, message) for message in fresh)

    def remove(self, letter: Letter) -> None:
        """Delete a letter from its queue for good."""
        url, receipt = self._held[letter.id]
        with outage():
            self._client.delete_message(QueueUrl=url, ReceiptHandle=receipt)
        del self._held[letter.id]

    def give_back(self) -> None:
        """Let others see at once what is still held; where that fails, it shows up by itself after a while."""
        held = list(self._held.values())
        self._held.clear()
        for url in self._urls.values():
            receipts = [receipt for known, receipt in held if known == url]
            for start in range(0, len(receipts), RECEIVE_BATCH):
                self._show(url, receipts[start : start + RECEIVE_BATCH])

    def _receive(self, url: str) -> list[Any]:
        """The next messages; none at the end of the queue, or of the look, which is incomplete then."""
        if self.is_over or len(self._seen) >= self._limits.letters:
            self.complete = False
            return []
        with outage():
            answer = self._client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=RECEIVE_BATCH,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=self._limits.wait_seconds,
                MessageSystemAttributeNames=ATTRIBUTES,
            )
        return list(answer.get("Messages", []))

    def _hold(self, url: str, messages: Sequence[Any]) -> None:
        self._seen |= {message["MessageId"] for message in messages}
        self._held |= {message["MessageId"]: (url, message["ReceiptHandle"]) for message in messages}

    def _are_elsewhere(self, url: str) -> bool:
        """Whether another look holds letters of the queue just now."""
        with outage():
            answer = self._client.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
            )
        return answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"] != "0"

    def _show(self, url: str, receipts: Sequence[str]) -> None:
        entries: list[Any] = [
            {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            for number, receipt in enumerate(receipts)
        ]
        try:
            with outage():
                failed = self._client.change_message_visibility_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        except Exception:  # noqa: BLE001  what was asked for is done, and they show up again by themselves
            logs.error("Dead letters not given back at once", letters=len(entries))
            return
        if failed:
            logs.warning("Dead letters not given back at once", letters=len(failed))


def _letter(queue: QueueName, message: Mapping[str, Any]) -> Letter:
    attributes = message["Attributes"]
    return Letter.read(
        id=message["MessageId"],
        queue=queue,
        body=message["Body"],
        sent_at=int(attributes["SentTimestamp"]) / 1000,
        receive_count=int(attributes["ApproximateReceiveCount"]),
    )
