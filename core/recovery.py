"""Recovery: what failed is done again, and no more than that."""

from core import dispatch
from core.aws import Services
from core.errors import RagError
from core.jobs import Job
from core.status import FINAL, DocumentStatus, Status


class NotRetryableError(RagError):
    """Doing it again would change nothing; the message says why, to the owner."""


def retry(status: DocumentStatus, services: Services) -> DocumentStatus:
    """Try a document again that has failed, was cancelled or has gaps; its state after that.

    A version that failed in passing goes on where it stood: only the parts that are not done are sent again. Any
    other is taken in anew from its file. Repeating it is harmless. Raises NotRetryableError.
    """
    if status.status is Status.AWAITING_UPLOAD:
        raise NotRetryableError("The file has not arrived yet.")
    if status.status not in FINAL:
        raise NotRetryableError(f"The document is being processed: it is {status.status}.")
    if status.status is Status.DELETED:
        raise NotRetryableError("The document was deleted.")
    if status.status is Status.COMPLETED:
        raise NotRetryableError("The document is completed; nothing has failed.")
    if status.status is Status.FAILED and not status.metadata.get("retryable"):
        raise NotRetryableError("The file itself is at fault; upload it anew when it is mended.")
    missing = dispatch.due(status.document_id, status.generation, services) if status.is_resumable else []
    for job in missing:
        services.parts.forgive(job)
    resumed = services.statuses.resume(status.document_id) if missing else None
    if resumed is None:
        services.queues.take_in_again(status.bucket, status.key, status.generation)
        return status
    # Once more: a worker that ended before the state was changed has sent a job that another one dropped
    services.queues.send(dispatch.due(status.document_id, status.generation, services))
    return resumed


def replay(job: Job, services: Services) -> bool:
    """Send a job again that came to rest; False when nobody wants it any more. Repeating it is harmless.

    When its version failed in passing it goes on as by ``retry``, as jobs of other parts were dropped when it failed.
    A job that nobody wants is sent too: a worker drops it, and with it what its version has stored and never used.
    """
    status = services.statuses.get(job.status_id)
    jobs = [job]
    if status and status.is_version(job.document_id, job.generation) and status.is_resumable:
        status = services.statuses.resume(job.document_id) or services.statuses.get(job.status_id)
        missing = dispatch.due(job.document_id, job.generation, services)
        jobs += [other for other in missing if other.part != job.part]
    if status is None or not status.is_version(job.document_id, job.generation) or status.status in FINAL:
        services.queues.send([job])
        return False
    for one in jobs:
        services.parts.forgive(one)
    services.queues.send(jobs)
    return True
