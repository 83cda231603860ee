"""Examination: what is known of one document, and whether what looks wrong is so on a second look."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.routing import Route
from core.status import SEARCHABLE, DocumentStatus, Status
from core.versions import CARRIED_OVER
from operations import drift
from operations.doctor_services import DoctorServices
from operations.drift import DocumentFacts, Finding
from operations.needed_objects import NeededObjects

ROUTES: tuple[Route, ...] = ("text", "visual")


def confirmed(document_id: str, status_id: str | None, services: DoctorServices, before: datetime) -> Iterator[Finding]:
    """What is wrong with a document on a second look, during which its state did not change."""
    facts = examined(facts_of(document_id, status_id, services), services, before)
    findings = drift.of_document(facts, before)
    if findings and _sequence(status_of(document_id, status_id, services)) == _sequence(facts.status):
        yield from findings


def facts_of(document_id: str, status_id: str | None, services: DoctorServices) -> DocumentFacts:
    """What the state and PostgreSQL say of a document, its state read by its name where that is known."""
    status = status_of(document_id, status_id, services)
    stored = services.stored.documents([document_id]).get(document_id)
    return DocumentFacts(document_id=document_id, status=status, stored=stored)


def status_of(document_id: str, status_id: str | None, services: DoctorServices) -> DocumentStatus | None:
    """The document's state, by its name where that is known."""
    if status_id is None:
        return services.statuses.find(document_id)
    status = services.statuses.get(status_id)
    return status if status and status.document_id == document_id else None


def _sequence(status: DocumentStatus | None) -> int:
    return status.sequence if status else 0


def examined(facts: DocumentFacts, services: DoctorServices, before: datetime) -> DocumentFacts:
    """The facts with those that are asked only of some: is its file there, does anybody work on it?"""
    status = facts.status
    if status is None or drift.moment(status.updated_at) >= before:
        return facts
    facts = replace(facts, has_history=_has_history(status, services))
    if status.status in SEARCHABLE and not status.version.startswith(CARRIED_OVER):
        return replace(facts, has_upload=services.blobs.head(status.bucket, status.key) is not None)
    if not status.is_running:
        return facts
    records = services.parts.records(status.document_id, status.generation).values()
    now = time.time()
    worked_on = any(record.is_worked_on(now) or record.is_postponed(now) for record in records)
    return replace(facts, is_attended=worked_on or any(services.queues.waiting(route) for route in ROUTES))


def _has_history(status: DocumentStatus, services: DoctorServices) -> bool:
    """Whether anything is recorded of a document's changes, or the last record may have expired."""
    kept_since = datetime.now(UTC) - timedelta(days=services.settings.audit_days)
    if status.sequence == 0 or drift.moment(status.updated_at) <= kept_since:
        return True
    return services.statuses.last_event(status.document_id) is not None


def lacks_objects(needed: NeededObjects, services: DoctorServices) -> str:
    """Which of a version's derived objects are gone, in words; empty when none is."""
    return needed.missing(services.inventory.derived_names(needed.document_id, needed.generation))


def confirmed_missing(document_id: str, services: DoctorServices, before: datetime) -> Iterator[Finding]:
    """Which derived objects of a document's current version are gone on a second look, during which nothing changed."""
    status = status_of(document_id, None, services)
    if status is None or status.status is Status.DELETED or drift.moment(status.updated_at) >= before:
        return
    for needed in services.stored.needed([document_id]):
        missing = lacks_objects(needed, services)
        if missing and _sequence(status_of(document_id, None, services)) == status.sequence:
            yield needed.finding(missing)
