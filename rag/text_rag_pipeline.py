"""Lambda: text jobs in, text rows and progress out."""

import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core import aws, blobs, events, logs, worker
from core.aws import Services
from core.errors import DocumentError
from core.jobs import Gap, Job
from core.media_types import PDF
from core.progress import Reporter
from core.status import Status
from rag import store
from rag.chunk import Chunk, split
from rag.contextual import embed_in_context
from rag.embed import TextEmbedder, Vectors, text_embedder
from rag.extract import extract
from rag.pages import Extraction

#: How far a part is when a stage ends (0 to 1): the measured shares of the time, so that bars move evenly
EXTRACTED, CHUNKED, EMBEDDED = 0.08, 0.1, 0.85

#: What may go wrong with some pages of a document while others can be read
PARTIAL_FAILURES = {"corrupt", "parse_timeout", "parse_memory", "too_large_when_unpacked"}


def process_document_text_rag(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the messages that failed."""
    services = aws.services()

    def handle(message: events.Message) -> None:
        worker.run(message, services, process, discard)

    return events.each_message(event, handle, services.queues.postpone)


def process(job: Job, services: Services, reporter: Reporter) -> None:
    """Make one part searchable; whoever stores the last part finishes the version. Safe to repeat."""
    result = store.part_is_stored(services.database(), job)
    if result is None:
        result = _process_part(job, services, reporter)
    reporter.report(Status.STORING, fraction=1.0, pages_done=job.pages)
    if result.empty:
        raise DocumentError("no_text", "No text was found in the document.")
    if result.finished:
        _finish(job, result, services)


def discard(job: Job, services: Services) -> None:
    """Remove the rows of a version that came to nothing."""
    store.discard_version(services.database(), job)


def _process_part(job: Job, services: Services, reporter: Reporter) -> store.PartResult:
    reporter.report(Status.EXTRACTING_TEXT, fraction=0.0)
    with _timed(Status.EXTRACTING_TEXT, job) as counted:
        extraction = _extract(job, services, reporter)
        counted["pages"] = len(extraction.pages)
    embedder = text_embedder(services.settings)
    with _timed(Status.CHUNKING, job) as counted:
        chunks = split(extraction, embedder.tokenizer, services.settings)
        counted["chunks"] = len(chunks)
    with _timed(Status.EMBEDDING, job) as counted:
        vectors = _embed(chunks, embedder, job, reporter)
        counted["tokens"] = sum(chunk.tokens for chunk in chunks)
    reporter.report(Status.STORING, fraction=EMBEDDED, pages_done=job.pages)
    with _timed(Status.STORING, job):
        _keep_text(job, extraction, services)
        stored = _with_pages(job, extraction)
        return store.replace_part(services.database(), stored, chunks, vectors, embedder.space, gaps=extraction.gaps)


def _extract(job: Job, services: Services, reporter: Reporter) -> Extraction:
    def report(pages_done: int) -> None:
        fraction = EXTRACTED * pages_done / job.pages
        reporter.report(Status.EXTRACTING_TEXT, fraction=fraction, pages_done=0)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document")
        services.blobs.download(job.bucket, job.key, job.etag, path)
        try:
            return extract(path, job.media_type, (job.first_page, job.last_page), services.settings, report)
        except DocumentError as error:
            return _unread(job, error)


def _unread(job: Job, error: DocumentError) -> Extraction:
    """A part without text: blank pages are none of its faults, and where other parts remain its pages are gaps."""
    if error.code == "no_text":
        return Extraction(pages=())
    if job.parts > 1 and error.code in PARTIAL_FAILURES:
        return Extraction((), tuple(Gap(page, error.message) for page in range(job.first_page, job.last_page + 1)))
    raise error


def _embed(chunks: Sequence[Chunk], embedder: TextEmbedder, job: Job, reporter: Reporter) -> Vectors:
    def report(done: int) -> None:
        fraction = CHUNKED + (EMBEDDED - CHUNKED) * done / len(chunks)
        reporter.report(Status.EMBEDDING, fraction=fraction, pages_done=job.pages * done // len(chunks))

    reporter.report(Status.EMBEDDING, fraction=CHUNKED)
    return embed_in_context(chunks, embedder, report)  # (chunks, dimensions)


def _with_pages(job: Job, extraction: Extraction) -> Job:
    """The job with the number of pages that only extraction could count, as of slides and sheets."""
    if job.parts > 1 or job.media_type == PDF or not extraction.pages:
        return job
    last = extraction.pages[-1].number
    return replace(job, last_page=last, total_pages=last)


def _keep_text(job: Job, extraction: Extraction, services: Services) -> None:
    """The text that the chunks' offsets refer to, so that a hit can be shown in its surroundings."""
    content = json.dumps([asdict(page) for page in extraction.pages], ensure_ascii=False).encode("utf-8", "replace")
    key = blobs.derived_key(job.document_id, job.generation, f"text/{job.part:05}.json.gz")
    services.blobs.put_derived(key, gzip.compress(content, 5, mtime=0), "application/gzip")


def _finish(job: Job, result: store.PartResult, services: Services) -> None:
    outcome = Status.COMPLETED_WITH_GAPS if result.gaps else Status.COMPLETED
    details = {
        "totalPages": result.pages,
        "pagesDone": result.pages,
        "chunks": result.chunks,
        "tokens": result.tokens,
        "pipeline": "text_rag",
        "gaps": [asdict(gap) for gap in result.gaps],
    }
    status = services.statuses.finish(job, outcome, details)
    services.blobs.delete_derived(job.document_id, keep_generation=job.generation)
    if status is not None:
        logs.info(
            "Status updated",
            status=status.status,
            stage=Status.STORING,
            statusId=job.status_id,
            documentId=job.document_id,
            pipeline_type="text_rag",
            duration_ms=status.metadata.get("durationMs"),
            chunks=result.chunks,
            gaps=len(result.gaps),
        )


@contextmanager
def _timed(stage: Status, job: Job) -> Iterator[dict[str, Any]]:
    about = {"statusId": job.status_id, "documentId": job.document_id, "part": job.part}
    with logs.timed("Text stage finished", status=stage, stage=stage, pipeline_type="text_rag", **about) as counted:
        yield counted
