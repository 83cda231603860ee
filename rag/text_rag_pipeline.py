"""Lambda: text jobs in, text rows and progress out."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from core import aws, dispatch, worker
from core.aws import Services
from core.hand_over import further_jobs
from core.jobs import Job
from core.media_types import PDF
from core.part_routes import routes_of_part
from core.parts import part_sizes
from core.progress import Reporter
from core.routing import PageRoute
from core.status import Status
from rag import store
from rag.finish import discard, process_once, store_part, timed, with_pages
from rag.index_text import Source, read_text
from rag.page_records import page_records, routes_of_whole
from rag.pages import Extraction
from rag.selective_visual_processor import PictureCounts, read_pictures
from rag.stage_outputs import stage_output

#: Where in a part's progress its stages lie: the measured shares of the time, so that bars move evenly
EXTRACTING, PICTURES, INDEXING = (0.0, 0.08), (0.08, 0.12), (0.12, 0.85)


def process_document_text_rag(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the messages that failed."""
    return worker.run_each(event, context, aws.services(), process, discard)


def process(job: Job, services: Services, reporter: Reporter) -> None:
    """Make one part searchable; whoever stores the last part finishes the version. Safe to repeat."""
    process_once(job, services, reporter, _process_part)


def _process_part(job: Job, services: Services, reporter: Reporter) -> store.PartResult:
    measure = partial(timed, job=job)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document")
        services.blobs.download(job.bucket, job.key, job.etag, path, reporter.check)
        routes = routes_of_part(job, path, services, reporter.check)
        further = _hand_over(job, routes, services, reporter)
        pages = [page for page, route in routes.items() if route.route == "text"]
        source = Source(path, job.media_type, pages)
        extraction = read_text(job, source, services, reporter.within(*EXTRACTING), measure)
        extraction, pictures = _read_pictures(job, source, extraction, services, reporter)
    findings = store.Findings(
        gaps=extraction.gaps,
        pages=page_records(_known_pages(job, routes, extraction), extraction),
        pictures=asdict(pictures),
        handed_over=[other.part for other in further],
    )
    return store_part(with_pages(job, extraction), extraction, findings, services, reporter, span=INDEXING)


def _read_pictures(
    job: Job, source: Source, extraction: Extraction, services: Services, reporter: Reporter
) -> tuple[Extraction, PictureCounts]:
    """The text with what its pictures say; the document's budget is shared evenly by its parts."""
    settings = services.settings
    share = replace(
        settings,
        pictures_described_max=-(-settings.pictures_described_max // job.parts),
        pictures_read_max=-(-settings.pictures_read_max // job.parts),
    )
    within = reporter.within(*PICTURES)

    def report(done: int, total: int) -> None:
        within(Status.PROCESSING_VISUALS, done / total, 0)

    within(Status.CLASSIFYING_VISUALS, 0.0, 0)
    with timed(Status.PROCESSING_VISUALS, job) as counted:
        extraction, counts = read_pictures(
            source.path,
            source.media_type,
            extraction,
            share,
            report,
            check=reporter.check,
            stage=partial(stage_output, job, services.blobs, "pictures"),
        )
        counted.update(asdict(counts))
    return extraction, counts


def _hand_over(job: Job, routes: Mapping[int, PageRoute], services: Services, reporter: Reporter) -> list[Job]:
    """Send the visual pages to the worker for pictures.

    Sent before the part is stored: once it is, nobody will look at its pages again. Sending twice does no harm.
    """
    visual = [page for page, route in routes.items() if route.route == "visual"]
    sizes = part_sizes(job.total_pages, services.settings)
    further = further_jobs(job, visual, "visual", sizes, kept=len(routes) - len(visual))
    if further:
        reporter.share()
        dispatch.hand_over(job, further, services)
    return further


def _known_pages(job: Job, routes: Mapping[int, PageRoute], extraction: Extraction) -> Mapping[int, PageRoute]:
    """The routes of the pages stored here; a file that is routed as a whole has as many pages as were read of it."""
    if job.media_type == PDF or not extraction.pages:
        return {page: route for page, route in routes.items() if route.route == "text"}
    return routes_of_whole(extraction, routes[job.first_page])
