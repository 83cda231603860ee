"""Handing over: pages that a part's worker finds to belong to another worker become further parts. Pure.

The numbers of such parts follow from the part they come from, so that a repeated try makes the same jobs again.
"""

from collections.abc import Sequence
from dataclasses import replace

from core.jobs import Job
from core.parts import Sizes, groups, part
from core.routing import Route


def further_jobs(job: Job, pages: Sequence[int], route: Route, sizes: Sizes, *, kept: int) -> list[Job]:
    """Jobs for the ``pages`` of a part of which its own worker keeps ``kept``; sizes as the document was cut by."""
    if not pages:
        return []
    first_number = job.parts + job.part * -(-sizes["text"] // sizes[route])  # no part has more pages than a text part
    jobs = []
    before = kept
    for number, group in enumerate(groups(pages, sizes[route])):
        cut = part(route, group, frozenset(group))
        jobs.append(
            replace(
                job,
                part=first_number + number,
                first_page=cut.first_page,
                last_page=cut.last_page,
                page_routes=cut.page_routes,
                route=route,
                parent=job.status_part,
                pages_before=before,
            )
        )
        before += len(group)
    return jobs
