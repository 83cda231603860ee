"""The worker: one job's life on any host, around the pipeline that does the work."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from core import logs
from core.aws import Services
from core.blobs import ObjectChangedError
from core.errors import DocumentError
from core.events import Message, each_message
from core.jobs import PIPELINES, Job
from core.progress import Reporter, SupersededError
from core.status import FINAL, Status

Process = Callable[[Job, Services, Reporter], None]
Discard = Callable[[Job, Services], None]


def run_each(event: Mapping[str, Any], services: Services, process: Process, discard: Discard) -> dict[str, Any]:
    """Run every job of a batch of messages; answers with the messages that failed, as Lambda wants to know them."""

    def handle(message: Message) -> None:
        run(message, services, process, discard)

    return each_message(event, handle, services.queues.postpone)


def run(message: Message, services: Services, process: Process, discard: Discard) -> None:
    """Process one job; ``discard`` removes what a version that came to nothing has stored so far.

    A document's own fault ends in the status ``failed`` and is not repeated. Anything else rises, so that the queue
    delivers the job again; the last delivery says ``failed`` and retryable before it rises. Jobs of a version that
    was superseded, cancelled, finished or deleted are dropped.
    """
    job = Job.from_json(message.body)
    started = time.perf_counter()
    if not _is_wanted(job, services):
        discard(job, services)
        logs.info("Job dropped: its version is no longer wanted", **_about(job))
        return
    try:
        process(job, services, Reporter(services.statuses, job))
    except (ObjectChangedError, SupersededError) as reason:
        discard(job, services)
        logs.info("Job dropped while it ran", reason=type(reason).__name__, **_about(job))
    except DocumentError as error:
        status = services.statuses.fail(job, code=error.code, message=error.message, retryable=False)
        discard(job, services)
        logs.warning(
            "Status updated",
            status=Status.FAILED,
            stage=status.metadata.get("stage") if status else None,
            duration_ms=_since(started),
            code=error.code,
            recorded=status is not None,
            **_about(job),
        )
    except Exception:
        if message.receive_count >= services.settings.max_receive_count:
            services.statuses.fail(
                job, code="gave_up", message="Processing failed several times; it can be retried.", retryable=True
            )
        raise
    else:
        about = {"status": "part_done", "stage": Status.STORING, "duration_ms": _since(started)}
        logs.info("Processing completed", **about, **_about(job))


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _is_wanted(job: Job, services: Services) -> bool:
    status = services.statuses.get(job.status_id)
    return (
        status is not None
        and (status.document_id, status.generation) == (job.document_id, job.generation)
        and status.status not in FINAL
    )


def _about(job: Job) -> dict[str, object]:
    return {
        "statusId": job.status_id,
        "documentId": job.document_id,
        "generation": job.generation,
        "part": job.part,
        "parts": job.parts,
        "pipeline_type": PIPELINES[job.route],
    }
