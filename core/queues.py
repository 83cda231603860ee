"""Job queues: one for each route."""

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from core.errors import TransientError
from core.jobs import Job
from core.outages import outage
from core.routing import Route
from core.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SEND_BATCH = 10  #: most messages of one SendMessageBatch call


class Queues:
    """SQS, as far as sending goes: jobs to the workers, uploads to the entry, and both to rest.

    Each method makes its own call: the functions' rights are held against these places (tests/permissions).
    """

    def __init__(self, client: "SQSClient", settings: Settings) -> None:
        self._client = client
        self._urls: dict[Route, str] = {
            "text": settings.text_rag_processing_queue_url,
            "visual": settings.vdr_processing_queue_url,
        }
        self._uploads_url = settings.rag_document_index_queue_url
        self._dead_letter_urls: dict[Route, str] = {
            "text": settings.text_rag_dead_letter_queue_url,
            "visual": settings.vdr_dead_letter_queue_url,
        }
        self._dead_uploads_url = settings.rag_document_index_dead_letter_queue_url
        self._url_of = cache(self._look_up)

    def send(self, jobs: Sequence[Job]) -> None:
        """Send every job to its route's queue; raises TransientError unless the queue took all of them."""
        for route in sorted({job.route for job in jobs}):
            chosen = [job for job in jobs if job.route == route]
            for start in range(0, len(chosen), SEND_BATCH):
                self._send_batch(self._urls[route], chosen[start : start + SEND_BATCH])

    def take_in_again(self, bucket: str, key: str, generation: int) -> None:
        """Ask the entry to do a generation of an object again, unless a later one has begun by then."""
        self.announce_again(_notification(bucket, key, generation))

    def announce_again(self, notification: str) -> None:
        """Send the entry a message about an upload, as it is."""
        with outage():
            self._client.send_message(QueueUrl=self._uploads_url, MessageBody=notification)

    def lay_to_rest(self, job: Job) -> None:
        """Put a job into its dead-letter queue, although the queue itself would deliver it once more."""
        with outage():
            self._client.send_message(QueueUrl=self._dead_letter_urls[job.route], MessageBody=job.to_json())

    def lay_upload_to_rest(self, bucket: str, key: str, repeats: int | None) -> None:
        """The same for an upload, which may ask for a generation to be repeated."""
        body = _notification(bucket, key, repeats)
        with outage():
            self._client.send_message(QueueUrl=self._dead_uploads_url, MessageBody=body)

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


def _notification(bucket: str, key: str, repeats: int | None) -> str:
    record = {"s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}}}
    return json.dumps(record if repeats is None else {**record, "repeats": repeats})
