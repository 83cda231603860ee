"""The worker: one job's life on any host, around the pipeline that does the work."""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from core import dispatch, logs, metrics, outcomes, tries
from core.aws import Services
from core.blobs import ObjectChangedError
from core.cost import charges
from core.errors import DocumentError, RagError
from core.events import Message, NotYetError, each_message, note_failure
from core.jobs import PIPELINES, Job
from core.lease import Lease, LeaseLostError
from core.plans import PartRecord
from core.progress import OutOfTimeError, Reporter, SupersededError
from core.status import FINAL, DocumentStatus, Status

Process = Callable[[Job, Services, Reporter], None]
Discard = Callable[[Job, Services], None]

MOST_CALLS = 20  #: that one part may take; at 15 minutes each
AT_ONCE_SECONDS = 1
TOO_SLOW = ("too_slow", "A part of the document takes far too long to process.")


class _NoTryLeftError(RagError):
    """As many workers as is bearable have begun the part in vain: this one must not."""


def run_each(
    event: Mapping[str, Any], context: object, services: Services, process: Process, discard: Discard
) -> dict[str, Any]:
    """Run every job of a batch of messages; answers with the messages that failed, as Lambda wants to know them."""
    deadline = _deadline(context, services.settings.hand_over_seconds)

    def handle(message: Message) -> None:
        with charges.charged(message, services):
            run(message, services, process, discard, deadline)

    return each_message(event, handle, services.queues.postpone)


def run(
    message: Message, services: Services, process: Process, discard: Discard, deadline: float | None = None
) -> None:
    """Process one job; ``discard`` removes what a version that came to nothing has stored so far.

    A document's own fault ends in the status ``failed`` and is not repeated. Anything else rises, so that the queue
    delivers the job again. An outage has all the deliveries of a message to pass; what ends workers or fails for
    another reason has ``max_tries``: then the status is ``failed`` and retryable, and the job comes to rest in the
    dead-letter queue. Jobs of a version that was superseded, cancelled, finished or deleted are dropped, and those of a
    part that another worker has. After ``deadline`` (monotonic seconds) what is left of the part is sent as a job of
    its own.
    """
    job = Job.from_json(message.body)
    status = services.statuses.get(job.status_id)
    if status is None or not _is_wanted(status, job):
        _drop(job, status, services, discard, "its version is no longer wanted")
        return
    lease = _lease(job, message, services, deadline)
    record = lease.take()
    if not lease.is_held:
        _leave(job, lease, record, services)
        return
    charges.charge_lost(job, record, services)
    started = time.perf_counter()
    try:
        with lease:
            if record.claims > services.settings.max_tries:
                raise _NoTryLeftError
            _process(job, services, process, discard, lease)
    except OutOfTimeError:
        _hand_on(job, services, discard)
    except LeaseLostError:  # the part may be nobody's just now: the message must come again
        raise
    except Exception as error:
        if tries.is_last(error, message.receive_count, record.claims, services.settings):
            _give_up(job, services, error, record)
            note_failure(message)
            return
        about = {"status": "to_retry", "stage": status.status, "duration_ms": _since(started)}
        logs.warning("Job comes again", error_type=type(error).__name__, **about, **_about(job))
        raise


def _leave(job: Job, lease: Lease, record: PartRecord, services: Services) -> None:
    """Leave a part to the worker that has it, or as it is where it is done."""
    if record.done:
        dispatch.follow(job, services)  # its worker may have ended before it came to that
    elif lease.is_of_same_message(record):
        # Its worker died or fell silent; were the message dropped, nobody would have the part when the lease ends.
        raise NotYetError(math.ceil(record.lease_until - time.time()) + 1)
    logs.info("Job dropped", reason="the part is done" if record.done else "another worker has it", **_about(job))


def _lease(job: Job, message: Message, services: Services, deadline: float | None) -> Lease:
    return Lease(
        services.parts,
        job,
        services.settings.lease_seconds,
        message=message,
        wanted=partial(_is_still_wanted, job, services),
        name=charges.attempt(),
        deadline=deadline,
    )


def _process(job: Job, services: Services, process: Process, discard: Discard, lease: Lease) -> None:
    started = time.perf_counter()
    try:
        process(job, services, Reporter(services.statuses, job, check=lease.check))
    except (ObjectChangedError, SupersededError) as reason:
        status = services.statuses.get(job.status_id)
        if isinstance(reason, SupersededError) and status and _is_wanted(status, job):  # retried meanwhile
            raise NotYetError(AT_ONCE_SECONDS) from reason
        _drop(job, status, services, discard, type(reason).__name__)
    except DocumentError as error:
        _fail(job, services, discard, error)
    else:
        lease.done()
        dispatch.follow(job, services)
        duration = _since(started)
        metrics.put({"PartDuration": duration}, pipeline_type=PIPELINES[job.route])
        about = {"status": "part_done", "stage": Status.STORING, "duration_ms": duration}
        logs.info("Processing completed", **about, **_about(job))


def _hand_on(job: Job, services: Services, discard: Discard) -> None:
    """Leave what is left of a part to another call; what is stored of it needs not be done again."""
    if services.parts.count_handed_on(job) >= MOST_CALLS:
        _fail(job, services, discard, DocumentError(*TOO_SLOW))
        return
    services.queues.send([job])
    logs.info("Job handed on: the time is up", **_about(job))


def _fail(job: Job, services: Services, discard: Discard, error: DocumentError) -> None:
    """Tell the owner what is wrong with the document; nothing of it is kept."""
    status = services.statuses.fail(job, code=error.code, message=error.message, retryable=False)
    discard(job, services)
    if status is None:
        logs.info("Job dropped", reason="its version is no longer wanted", code=error.code, **_about(job))
    else:
        outcomes.refused(status, pipeline_type=PIPELINES[job.route], part=job.part)


def _give_up(job: Job, services: Services, error: Exception, record: PartRecord) -> None:
    """Tell the owner that the last try failed; what is stored stays, as the document can be retried."""
    services.queues.lay_to_rest(job)
    code, sentence = tries.explanation(error)
    if isinstance(error, _NoTryLeftError) and record.lost_holder:
        code, sentence = "worker_lost", outcomes.standstill(job)
    status = services.statuses.fail(job, code=code, message=sentence, retryable=True)
    if status is not None:
        outcomes.failed(status, pipeline_type=PIPELINES[job.route], part=job.part)


def _drop(job: Job, status: DocumentStatus | None, services: Services, discard: Discard, reason: str) -> None:
    """Leave a job undone; what its version has stored goes, unless it may still be of use."""
    if status is None or not (status.is_version(job.document_id, job.generation) and status.is_resumable):
        discard(job, services)
    logs.info("Job dropped", reason=reason, **_about(job))


def _deadline(context: object, reserve_seconds: float) -> float | None:
    """When a call must begin to end (monotonic seconds), at half its time or later; None where nothing ends it."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return None
    seconds: float = remaining() / 1000
    return time.monotonic() + seconds - min(reserve_seconds, seconds / 2)


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _is_still_wanted(job: Job, services: Services) -> bool:
    status = services.statuses.get(job.status_id)
    return status is not None and _is_wanted(status, job)


def _is_wanted(status: DocumentStatus, job: Job) -> bool:
    return status.is_version(job.document_id, job.generation) and status.status not in FINAL


def _about(job: Job) -> dict[str, object]:
    return {
        "statusId": job.status_id,
        "documentId": job.document_id,
        "generation": job.generation,
        "part": job.part,
        "parts": job.parts,
        "pipeline_type": PIPELINES[job.route],
    }
