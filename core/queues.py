"""Job queues: one for each route."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from core.errors import TransientError
from core.jobs import Job
from core.outages import outage
from core.routing import Route

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SEND_BATCH = 10  #: most messages of one SendMessageBatch call


class Queues:
    """SQS, as far as sending goes: jobs to the workers, uploads to the entry."""

    def __init__(self, client: "SQSClient", urls: Mapping[str, str], uploads_url: str = "") -> None:
        self._client = client
        self._urls = urls
        self._uploads_url = uploads_url
        self._url_of = cache(self._look_up)

    def send(self, jobs: Sequence[Job]) -> None:
        """Send every job to its route's queue; raises TransientError unless the queue took all of them."""
        for route in sorted({job.route for job in jobs}):
            chosen = [job for job in jobs if job.route == route]
            for start in range(0, len(chosen), SEND_BATCH):
                self._send_batch(self._urls[route], chosen[start : start + SEND_BATCH])

    def take_in_again(self, bucket: str, key: str, generation: int) -> None:
        """Ask the entry to do a generation of an object again, unless a later one has begun by then."""
        record = {"s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}}, "repeats": generation}
        self.announce_again(json.dumps(record))

    def announce_again(self, notification: str) -> None:
        """Send the entry a message about an upload, as it is."""
        with outage():
            self._client.send_message(QueueUrl=self._uploads_url, MessageBody=notification)

    def postpone(self, arn: str, receipt_handle: str, seconds: int) -> None:
        """Let a message be delivered again after a while, neither sooner nor only when its visibility has run out."""
        with outage():
            self._client.change_message_visibility(
                QueueUrl=self._url_of(arn), ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    def waiting(self, route: Route) -> int:
        """About how many jobs of a route no worker has received yet."""
        with outage():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._urls[route], AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def _look_up(self, arn: str) -> str:
        name, account = arn.rsplit(":", 1)[-1], arn.rsplit(":", 2)[-2]
        with outage():
            return self._client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]

    def _send_batch(self, url: str, jobs: Sequence[Job]) -> None:
        with outage():
            answer = self._client.send_message_batch(
                QueueUrl=url, Entries=[{"Id": str(job.part), "MessageBody": job.to_json()} for job in jobs]
            )
        if answer.get("Failed"):
            raise TransientError(f"the queue refused {len(answer['Failed'])} of {len(jobs)} jobs")
