"""Lambda: jobs for pages as pictures in; page vectors, page images, their text and progress out.

Called directly, with ``{"action": "embed_query"}``, it embeds a query for whoever has no page model.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from core import aws, dispatch, worker
from core.aws import Services
from core.hand_over import further_jobs
from core.jobs import VISUAL, Gap, Job
from core.media_types import PDF, PRESENTATIONS
from core.part_routes import routes_of_part
from core.parts import part_sizes
from core.progress import Reporter
from core.settings import settings
from core.status import Status
from rag import store
from rag.finish import discard, process_once, store_part, timed, with_pages
from rag.index_text import Source, read_text
from rag.page_records import page_records, routes_of_whole
from vdr import query_message, source
from vdr.embed import page_embedder
from vdr.picture_pages import PicturePages
from vdr.slide_text import with_slide_text
from vdr.source import PagedFile

#: Where in a part's progress its stages lie
READING, PICTURING, INDEXING = (0.0, 0.2), (0.2, 0.9), (0.9, 0.95)


def process_document_vdr(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the messages that failed, or with a query's vectors."""
    if event.get("action") == query_message.ACTION:
        return query_message.answer(event, page_embedder(settings()))
    return worker.run_each(event, context, aws.services(), process, discard)


def process(job: Job, services: Services, reporter: Reporter) -> None:
    """Make the pages of one part searchable as pictures and as text. Safe to repeat."""
    process_once(job, services, reporter, _process_part)


def _process_part(job: Job, services: Services, reporter: Reporter) -> store.PartResult:
    with tempfile.TemporaryDirectory() as folder:
        reporter.report(Status.CONVERTING_PAGES, fraction=0.0)
        with timed(Status.CONVERTING_PAGES, job):
            file = source.fetch(job, Path(folder), services, reporter.check)
        if file is None:
            return _text_alone(job, Path(folder, "document"), services, reporter)
        whole, further = _hand_over(job, file, services, reporter)
        return _pages(whole, file, further, services, reporter)


def _hand_over(job: Job, file: PagedFile, services: Services, reporter: Reporter) -> tuple[Job, list[Job]]:
    """The job as its pages are now known, and those of a presentation's slides that other workers get.

    Sent before the part is stored: once it is, nobody will look at it again. Sending twice does no harm.
    """
    if job.media_type not in PRESENTATIONS or job.parent >= 0:
        return job, []
    sizes = part_sizes(file.total_pages, services.settings)
    own = min(file.total_pages, sizes["visual"])
    whole = replace(job, last_page=own, total_pages=file.total_pages, page_routes=VISUAL * own)
    further = further_jobs(whole, range(own + 1, file.total_pages + 1), "visual", sizes, kept=own)
    if further:
        reporter.share()
        dispatch.hand_over(job, further, services)
    reporter.report(Status.CONVERTING_PAGES, fraction=0.01, details={"totalPages": file.total_pages})
    return whole, further


def _pages(job: Job, file: PagedFile, further: list[Job], services: Services, reporter: Reporter) -> store.PartResult:
    measure = partial(timed, job=job)
    routes = routes_of_part(job, file.path, services, reporter.check)
    visual = [page for page, route in routes.items() if route.route == "visual"]
    wanted = Source(file.path, file.media_type, list(routes), visual)
    extraction = read_text(job, wanted, services, reporter.within(*READING), measure)
    if job.media_type in PRESENTATIONS:
        extraction = with_slide_text(extraction, file, job.media_type, services.settings, reporter.check)
    elif job.media_type != PDF:  # the frames of a picture are known only now
        job, routes = with_pages(job, extraction), routes_of_whole(extraction, routes[job.first_page])
        visual = list(routes)
    pictures = PicturePages(job, file, services, reporter.within(*PICTURING), measure)
    gaps = pictures.put(visual, extraction)
    findings = store.Findings(
        gaps=_by_page([*extraction.gaps, *gaps]),
        pages=page_records(routes, extraction),
        handed_over=[other.part for other in further],
    )
    return store_part(job, extraction, findings, services, reporter, span=INDEXING)


def _by_page(gaps: Sequence[Gap]) -> list[Gap]:
    """One gap a page, with all its reasons."""
    pages = sorted({gap.page for gap in gaps})
    return [Gap(page, "; ".join(dict.fromkeys(gap.reason for gap in gaps if gap.page == page))) for page in pages]


def _text_alone(job: Job, path: Path, services: Services, reporter: Reporter) -> store.PartResult:
    """A presentation without pictures of its slides: a notice says what was left out."""
    routes = routes_of_part(job, path, services, reporter.check)
    wanted = Source(path, job.media_type, job.page_numbers)
    extraction = read_text(job, wanted, services, reporter.within(*READING), partial(timed, job=job))
    pages = routes_of_whole(extraction, routes[job.first_page])
    findings = store.Findings(
        gaps=extraction.gaps, pages=page_records(pages, extraction), notices=[source.NOT_RENDERED]
    )
    span = (READING[1], INDEXING[1])
    return store_part(with_pages(job, extraction), extraction, findings, services, reporter, span=span)
