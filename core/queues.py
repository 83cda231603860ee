"""Job queues: one for each route."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.errors import TransientError
from core.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SEND_BATCH = 10  #: most messages of one SendMessageBatch call


class Queues:
    """SQS, as far as sending jobs goes."""

    def __init__(self, client: "SQSClient", urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    def send(self, jobs: Sequence[Job]) -> None:
        """Send every job to its route's queue; raises TransientError unless the queue took all of them."""
        for route in sorted({job.route for job in jobs}):
            chosen = [job for job in jobs if job.route == route]
            for start in range(0, len(chosen), SEND_BATCH):
                self._send_batch(self._urls[route], chosen[start : start + SEND_BATCH])

    def postpone(self, arn: str, receipt_handle: str, seconds: int) -> None:
        """Let a message that failed be delivered again after a while, not only when its long lease has run out."""
        name, account = arn.rsplit(":", 1)[-1], arn.rsplit(":", 2)[-2]
        url = self._client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        self._client.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    def _send_batch(self, url: str, jobs: Sequence[Job]) -> None:
        answer = self._client.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(job.part), "MessageBody": job.to_json()} for job in jobs]
        )
        if answer.get("Failed"):
            raise TransientError(f"the queue refused {len(answer['Failed'])} of {len(jobs)} jobs")
