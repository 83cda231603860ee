"""Dispatch: the jobs of a version are sent a window at a time, and again when they seem lost."""

import time
from collections.abc import Sequence

from core.aws import Services
from core.jobs import Job


def follow(job: Job, services: Services) -> None:
    """Send the job whose turn it is as this one's part is done. Sending twice does no harm.

    To be called when the part is known to be done: of two that end at the same moment, the later one sees both.
    """
    is_last = job.parent < 0 and job.part + 1 >= job.parts  # as in most documents: their plan need not be read
    plan = None if is_last else services.parts.plan(job.document_id, job.generation)
    parent = services.parts.record(job, job.status_part) if plan else None
    if plan is None or parent is None:
        return
    sibling = plan.sibling(job, parent)
    if sibling is not None:
        record = services.parts.record(job, sibling)
        following = record.job if record else None
    else:
        following = plan.successor(parent, services.parts.children(job, parent))
        record = services.parts.record(following, following.part) if following else None
    if following and not (record and record.is_begun):
        services.queues.send([following])


def hand_over(job: Job, jobs: Sequence[Job], services: Services) -> None:
    """Send the first of the jobs that a worker makes of its own part; the others follow. Repeating it does no harm."""
    parent = services.parts.register(job, jobs)
    plan = services.parts.plan(job.document_id, job.generation)
    services.queues.send(plan.first_children(parent, services.parts.children(job, parent)) if plan else jobs)


def due(document_id: str, generation: int, services: Services) -> list[Job]:
    """The jobs of a version that should be under way and that no living worker has; some may wait in a queue."""
    plan = services.parts.plan(document_id, generation)
    return plan.due(services.parts.records(document_id, generation), time.time()) if plan else []
