"""Dispatch: the jobs of a version are sent a window at a time, and again when they seem lost."""

import time
from collections.abc import Sequence

from core.aws import Services
from core.jobs import Job


def follow(job: Job, services: Services) -> None:
    """Send the job whose turn it is as this one's part is done. Sending twice does no harm."""
    if job.parent >= 0:
        return
    plan = services.parts.plan(job.document_id, job.generation)
    following = plan.successor(job.part) if plan else None
    if following:
        services.queues.send([following])


def hand_over(jobs: Sequence[Job], services: Services) -> None:
    """Send jobs that a worker makes of its own part. Sending twice does no harm."""
    services.parts.register(jobs)
    services.queues.send(jobs)


def due(document_id: str, generation: int, services: Services) -> list[Job]:
    """The jobs of a version that should be under way and that no living worker has; some may wait in a queue."""
    plan = services.parts.plan(document_id, generation)
    return plan.due(services.parts.records(document_id, generation), time.time()) if plan else []
