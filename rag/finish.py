"""Finishing: what a stored part means for its document, the same for both pipelines."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from core import blobs, logs, outcomes
from core.aws import Services
from core.cost import charges
from core.database_retry import connected
from core.errors import DocumentError
from core.jobs import PIPELINES, Job
from core.media_types import PDF
from core.progress import Reporter, SupersededError
from core.status import Status
from rag import store
from rag.index_text import counting_failures, index_text
from rag.pages import Extraction
from rag.stage_outputs import delete_stage_outputs

Work = Callable[[Job, Services, Reporter], store.PartResult]

PICTURE_COUNTS = ("found", "described", "read", "skipped")


def process_once(job: Job, services: Services, reporter: Reporter, work: Work) -> None:
    """Do the work on a part unless an earlier try has stored it; whoever stores the last part finishes the version.

    Raises DocumentError when all parts are stored and there is nothing to search in them, SupersededError when the
    version was overtaken by a newer one or a deletion.
    """
    result = connected(services.database, lambda database: store.part_is_stored(database, job))
    if result is None:
        result = work(job, services, reporter)
    delete_stage_outputs(job, services.blobs)
    reporter.report(Status.STORING, fraction=1.0, pages_done=job.pages)
    if result.superseded:
        raise SupersededError(f"generation {job.generation} of {job.document_id} is not wanted")
    if result.empty:
        raise DocumentError("no_text", _why_empty(result))
    if result.finished:
        _finish(job, result, services)


def _why_empty(result: store.PartResult) -> str:
    if not result.gaps:
        return "No text was found in the document."
    first = result.gaps[0]
    hint = "If it is a scan, the data of its language may be missing where documents are read (OCR_LANGUAGES)."
    return f"No text was found in the document. Page {first.page}: {first.reason}. {hint}"


def discard(job: Job, services: Services) -> None:
    """Remove the rows and the derived objects of a version that came to nothing; one that searches see stays."""
    connected(services.database, lambda database: store.discard_version(database, job))
    if not connected(services.database, lambda database: store.is_shown(database, job)):
        services.blobs.delete_generation(job.document_id, job.generation)


def finish_stored(job: Job, services: Services) -> bool:
    """Report a version as finished whose last part was stored by a worker that did not get so far; whether it was.

    The job is that of any of its finished parts. Repeating it is harmless.
    """
    result = connected(services.database, lambda database: store.part_is_stored(database, job))
    if result is None or not result.finished:
        return False
    _finish(job, result, services)
    return True


def store_part(
    job: Job,
    extraction: Extraction,
    findings: store.Findings,
    services: Services,
    reporter: Reporter,
    *,
    span: tuple[float, float],
) -> store.PartResult:
    """Index the text and store it with what else was found out, in this stretch of the part's progress."""
    measure = partial(timed, job=job)
    text = index_text(extraction, services, reporter.within(*span), measure)
    reporter.report(Status.STORING, fraction=span[1], pages_done=len(findings.pages))
    with measure(Status.STORING), counting_failures(len(text.chunks)):
        _keep_text(job, extraction, services)
        return connected(
            services.database,
            lambda database: store.replace_part(
                database, job, text.chunks, text.vectors, text.space, findings=findings
            ),
        )


def _keep_text(job: Job, extraction: Extraction, services: Services) -> None:
    """The text that the chunks' offsets refer to, so that a hit can be shown in its surroundings."""
    content = json.dumps([asdict(page) for page in extraction.pages], ensure_ascii=False).encode("utf-8", "replace")
    key = blobs.derived_key(job.document_id, job.generation, f"text/{job.part:05}.json.gz")
    services.blobs.put_derived(key, gzip.compress(content, 5, mtime=0), "application/gzip")


def with_pages(job: Job, extraction: Extraction) -> Job:
    """The job with the number of pages that only extraction could count, as of slides and sheets."""
    if job.parts > 1 or job.media_type == PDF or not extraction.pages:
        return job
    last = extraction.pages[-1].number
    return replace(job, last_page=last, total_pages=last, page_routes="")


def _routes(result: store.PartResult) -> dict[str, Any]:
    """Where the pages went in the end, in the form in which the entry said what it expected."""
    text, visual = result.routes.get("text", 0), result.routes.get("visual", 0)
    return {
        "route": "visual" if visual > text else "text",
        "pagesLookedAt": text + visual,
        "totalPages": result.pages,
        "textPages": text,
        "visualPages": visual,
    }


@contextmanager
def timed(stage: Status, job: Job) -> Iterator[dict[str, Any]]:
    """Log how long a stage of a part took, with the figures that the block adds."""
    pipeline = PIPELINES[job.route]
    about = {"statusId": job.status_id, "documentId": job.document_id, "part": job.part}
    message = "Text stage finished" if pipeline == "text_rag" else "VDR stage finished"
    with logs.timed(message, status=stage, stage=stage, pipeline_type=pipeline, **about) as counted:
        yield counted


def details_of(result: store.PartResult) -> dict[str, Any]:
    """What the owner of a finished version is told of it."""
    routes = _routes(result)
    details: dict[str, Any] = {
        "totalPages": result.pages,
        "pagesDone": result.pages,
        "chunks": result.chunks,
        "tokens": result.tokens,
        "pipeline": PIPELINES[routes["route"]],
        "parts": result.parts,
        "routes": routes,
        "gaps": [asdict(gap) for gap in result.gaps],
        "notices": [asdict(notice) for notice in result.notices],
    }
    if result.page_space:
        details["pageModel"] = result.page_space
    if result.pictures.get("found"):
        details["pictures"] = {name: result.pictures.get(name, 0) for name in PICTURE_COUNTS}
    return details


def _finish(job: Job, result: store.PartResult, services: Services) -> None:
    outcome = Status.COMPLETED_WITH_GAPS if result.gaps else Status.COMPLETED
    details = details_of(result)
    status = services.statuses.finish(job, outcome, details)
    services.blobs.delete_derived(job.document_id, before_generation=job.generation)  # a later one may be there already
    if status is not None:
        outcomes.ingested(status, pipeline_type=details["pipeline"], pages=result.pages, missed=len(result.gaps))
        charges.report(job, details["pipeline"], services)
