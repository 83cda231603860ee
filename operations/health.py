"""Health: which running documents stand still, why, and what is done about it.

A living worker renews its lease, and a message that waits will be received; what has neither is lost, as when a worker
was killed on its last try, when a message outlived its queue's retention, or when it was removed by hand.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from core import logs, metrics, outcomes
from core.aws import Services
from core.errors import TransientError
from core.flags import ENTRY
from core.jobs import Job
from core.plans import PartRecord
from core.routing import Route
from core.status import DocumentStatus, Status

MOST_EXAMINED = 500  #: documents a check looks at; the next check takes others
MOST_NAMED = 20  #: parts in a log line
MOST_RESENT = 3  #: how often a lost job is sent again before its document fails
RETENTION = timedelta(days=4)  #: of a message in a job queue, as serverless/queues.yml has it
DELIVERIES = timedelta(minutes=75)  #: longer than all deliveries of a message together
ENTRY_LOST = "Checking the file did not come to an end."
ROUTES: tuple[Route, ...] = ("text", "visual")


@dataclass
class HealthReport:
    """What a check found and did, in documents but for ``resent``."""

    unchanged: int = 0  #: had no change of state for a while
    alive: int = 0  #: of these, a worker shows that it lives
    waiting: int = 0  #: of these, their jobs wait in a queue for a free worker, or for the end of a pause
    resumed: int = 0  #: of these, lost jobs were sent again
    failed: int = 0  #: of these, given up, as their owners are told
    resent: int = 0  #: jobs
    errors: int = 0  #: documents that could not be looked after; the next check will

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def check(services: Services) -> HealthReport:
    """Look after every running document that has not changed for ``stale_seconds``."""
    report = HealthReport()
    moment = datetime.now(UTC) - timedelta(seconds=services.settings.stale_seconds)
    before = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")  # as states write their times
    queued = {route: services.queues.waiting(route) for route in ROUTES}
    paused = services.flags().paused.keys()
    for status in services.statuses.stale(before, MOST_EXAMINED):
        report.unchanged += 1
        try:
            _look_after(status, queued, paused, services, report)
        except TransientError:
            report.errors += 1
            logs.error("Document not looked after", statusId=status.status_id, documentId=status.document_id)
    _publish(report, queued)
    return report


def _look_after(
    indexed: DocumentStatus,
    queued: Mapping[Route, int],
    paused: Collection[str],
    services: Services,
    report: HealthReport,
) -> None:
    """What is paused is not lost, however empty its queue: a message may have been on its way to a worker."""
    status = services.statuses.get(indexed.status_id)  # the index may be behind
    if status is None or status.sequence != indexed.sequence:
        return
    plan = services.parts.plan(status.document_id, status.generation)
    if plan is None or status.status is Status.VALIDATING:
        _await_entry(status, paused, services, report)
        return
    records = services.parts.records(status.document_id, status.generation)
    due = {job: records.get(job.part, PartRecord(job.part)) for job in plan.due(records, time.time())}
    most_claims = services.settings.max_tries
    lost = {
        job: record
        for job, record in due.items()
        if job.route not in paused
        and not record.is_postponed(time.time())
        and (not queued[job.route] or _age(status) > RETENTION or record.claims >= most_claims)
    }
    hopeless = any(record.claims >= most_claims for record in lost.values())  # no worker will begin it any more
    resent = any(record.resent >= MOST_RESENT for record in lost.values())
    if any(record.is_worked_on(time.time()) for record in records.values()):
        report.alive += 1
    elif due and not lost:
        report.waiting += 1
    elif lost and not hopeless and not resent:
        _resend(status, list(lost), services, report)
    elif lost and not hopeless and _age(status) < DELIVERIES:  # workers that cannot say that they had it may have it
        report.waiting += 1
    else:
        _give_up(status, list(lost), services, report)


def _await_entry(status: DocumentStatus, paused: Collection[str], services: Services, report: HealthReport) -> None:
    """The entry's own message comes again by itself; when it has not helped for long, it never will."""
    if ENTRY in paused or _age(status) < DELIVERIES:
        report.waiting += 1
    elif failed := services.statuses.give_up(status, code="entry_lost", message=ENTRY_LOST):
        report.failed += 1
        outcomes.failed(failed)


def _resend(status: DocumentStatus, lost: Sequence[Job], services: Services, report: HealthReport) -> None:
    for job in lost:
        services.parts.count_resent(job)
    services.queues.send(lost)
    report.resumed += 1
    report.resent += len(lost)
    about = {"statusId": status.status_id, "documentId": status.document_id, "status": status.status}
    logs.warning("Lost jobs sent again", parts=[job.part for job in lost[:MOST_NAMED]], jobs=len(lost), **about)


def _give_up(status: DocumentStatus, lost: Sequence[Job], services: Services, report: HealthReport) -> None:
    message = outcomes.standstill(lost[0] if lost else None)
    if failed := services.statuses.give_up(status, code="worker_lost", message=message):
        report.failed += 1
        outcomes.failed(failed)


def _age(status: DocumentStatus) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(status.updated_at)


def _publish(report: HealthReport, queued: Mapping[Route, int]) -> None:
    metrics.put(
        {
            "StaleDocuments": report.unchanged,
            "ResumedDocuments": report.resumed,
            "GivenUpDocuments": report.failed,
        }
    )
    waiting = {"waiting_text_jobs": queued["text"], "waiting_visual_jobs": queued["visual"]}
    logs.info("Health checked", **report.as_dict(), **waiting)
