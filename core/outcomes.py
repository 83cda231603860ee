"""Outcomes: how a document's processing ended, as a log line that the saved queries find and as a metric."""

from datetime import datetime, timedelta
from typing import Any

from core import logs, metrics
from core.jobs import Job
from core.status import DocumentStatus, Status


def ingested(status: DocumentStatus, *, pipeline_type: str, pages: int, missed: int) -> None:
    """The document can be searched; ``missed`` of its pages could not be read."""
    duration = status.metadata["durationMs"]
    metrics.put(
        {"IngestedDocuments": 1, "IngestedPages": pages, "MissedPages": missed, "ProcessingDuration": duration},
        pipeline_type=pipeline_type,
    )
    figures = {"pages": pages, "gaps": missed, "chunks": status.metadata["chunks"], "duration_ms": duration}
    logs.info("Status updated", stage=Status.STORING, pipeline_type=pipeline_type, **figures, **_about(status))


def refused(status: DocumentStatus, **about: Any) -> None:
    """The document is at fault, or over its owner's limits, who was told so."""
    metrics.put({"RefusedDocuments": 1})
    logs.warning("Status updated", **_failure(status), **about)


def failed(status: DocumentStatus, **about: Any) -> None:
    """The document is not at fault: it can be retried, as its owner was told."""
    metrics.put({"FailedDocuments": 1})
    logs.error("Status updated", **_failure(status), **about)


def standstill(job: Job | None) -> str:
    """The sentence for the owner of a document whose workers ended without an answer, at this job where it is known."""
    where = f" at pages {job.first_page} to {job.last_page}" if job else ""
    return f"Processing stood still{where}: its workers ended without an answer, several times."


def _failure(status: DocumentStatus) -> dict[str, Any]:
    elapsed = datetime.fromisoformat(status.updated_at) - datetime.fromisoformat(status.timestamp)
    why = {name: status.metadata.get(name) for name in ("stage", "code")}
    return _about(status) | why | {"duration_ms": elapsed // timedelta(milliseconds=1)}


def _about(status: DocumentStatus) -> dict[str, Any]:
    return {"status": status.status, "statusId": status.status_id, "documentId": status.document_id}
