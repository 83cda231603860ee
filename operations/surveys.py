"""Surveys: each walks through one store, a page at a time, and holds what it finds there against the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from api.deletion import KEEP
from core import principals
from core.entry import DISABLED
from core.status import Status
from operations import drift
from operations.doctor_services import DoctorServices
from operations.drift import Code, DocumentFacts, Finding
from operations.examination import confirmed, confirmed_missing, examined, facts_of, lacks_objects, status_of
from operations.inventory import PAGE, Place, Subscription
from operations.stored_state import UNTIED

LISTED = 20  #: documents on a page whose objects are all listed: a long one has thousands
DOCUMENT_TOPIC, SOCKET_TOPIC = "document:", "connection:"


@dataclass
class Page:
    """What a survey found on one page, and where it goes on."""

    examined: int = 0
    findings: list[Finding] = field(default_factory=list)
    following: Place = None


Survey = Callable[[DoctorServices, Place, datetime], Page]


def statuses(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Documents by their states."""
    states, following = services.inventory.statuses(place)
    stored = services.stored.documents([state.document_id for state in states])
    page = Page(len(states), following=following)
    for state in states:
        facts = DocumentFacts(document_id=state.document_id, status=state, stored=stored.get(state.document_id))
        if drift.of_document(examined(facts, services, before), before):
            page.findings += confirmed(state.document_id, state.status_id, services, before)
    return page


def documents(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Documents in PostgreSQL that have no state; the others are seen by their states."""
    ids = services.stored.following(place["after"] if place else None, PAGE)
    page = Page(len(ids), following={"after": ids[-1]} if ids else None)
    for document_id in ids:
        if services.statuses.find(document_id) is None:
            page.findings += confirmed(document_id, None, services, before)
    return page


def rows(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Rows in PostgreSQL whose version does not exist.

    Those that may be of a document's current version are left until the document can be searched again: it is found by
    its state, and they are what is left of its text.
    """
    table, after = (place["table"], place["after"]) if place else (UNTIED[0], -1)
    found = services.stored.versions_in(table, after, PAGE)
    page = Page(len(found))
    for each in found:
        if not each.exists and not each.may_be_current:
            target = {"versionKey": each.version_key, "owner": each.owner}
            text = f"rows of version {each.version_key} in {table}"
            page.findings.append(Finding(code=Code.ROWS_WITHOUT_VERSION, document_id="", found=text, target=target))
    if found:
        page.following = {"table": table, "after": found[-1].version_key}
    elif table != UNTIED[-1]:
        page.following = {"table": UNTIED[UNTIED.index(table) + 1], "after": -1}
    return page


def uploads(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Files that nobody has taken in, as their events were lost."""
    buckets = sorted(services.settings.allowed_buckets())
    bucket, after = (place["bucket"], place["after"]) if place else (buckets[0], "")
    objects = services.inventory.uploads(bucket, after)
    page = Page(len(objects))
    for each in objects:
        if each.stored_at < before:
            page.findings += _of_upload(bucket, each.key, services)
    if objects:
        page.following = {"bucket": bucket, "after": objects[-1].key}
    elif bucket != buckets[-1]:
        page.following = {"bucket": buckets[buckets.index(bucket) + 1], "after": ""}
    return page


def derived(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Derived objects of no document, or of a version that is of no use any more."""
    ids = services.inventory.derived_documents(place["after"] if place else "")
    page = Page(len(ids), following={"after": ids[-1]} if ids else None)
    for document_id in ids:
        newest = services.inventory.derived(document_id)
        if drift.of_derived(facts_of(document_id, None, services), newest, before):
            page.findings += drift.of_derived(facts_of(document_id, None, services), newest, before)
    return page


def needed(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Derived objects that searches and hits need, and that are gone."""
    ids = services.stored.following(place["after"] if place else None, LISTED)
    page = Page(len(ids), following={"after": ids[-1]} if ids else None)
    for each in services.stored.needed(ids):
        if lacks_objects(each, services):
            page.findings += confirmed_missing(each.document_id, services, before)
    return page


def parts(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Plans and parts of no document."""
    latest, following = services.inventory.parts(place)
    page = Page(len(latest), following=following)
    for document_id, written_at in latest.items():
        if written_at < before and status_of(document_id, None, services) is None:
            found = f"records of parts, the latest of {written_at:%Y-%m-%dT%H:%M:%SZ}"
            page.findings.append(Finding(code=Code.PARTS_WITHOUT_DOCUMENT, document_id=document_id, found=found))
    return page


def histories(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Histories of no document."""
    ids, following = services.inventory.histories(place)
    page = Page(len(ids), following=following)
    kept = services.settings.audit_after_deletion == KEEP
    for document_id in ids:
        last = services.statuses.last_event(document_id)
        if last is not None:
            status = status_of(document_id, last.status_id, services)
            facts = DocumentFacts(document_id=document_id, status=status, stored=None)
            page.findings += drift.of_history(last, facts, before, kept=kept)
    return page


def subscriptions(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Sockets whose token has expired, and subscriptions to documents that are gone."""
    found, following = services.inventory.subscriptions(place)
    page = Page(len(found), following=following)
    for each in found:
        why = _why_left(each, services, before)
        if why:
            target = {"topic": each.topic, "connectionId": each.connection_id}
            of = each.topic.removeprefix(DOCUMENT_TOPIC) if each.topic.startswith(DOCUMENT_TOPIC) else ""
            page.findings.append(Finding(code=Code.SUBSCRIPTION_LEFT, document_id=of, found=why, target=target))
    return page


def dead_letters(services: DoctorServices, place: Place, before: datetime) -> Page:
    """Jobs that came to rest, and whose documents are gone."""
    page = Page()
    with services.dead_letters.look() as look:
        for letter in look:
            page.examined += 1
            if letter.job is None or letter.sent_at >= before.timestamp():
                continue
            status = services.statuses.get(letter.job.status_id)
            if not letter.is_of(status) or (status and status.status is Status.DELETED):
                target = {"id": letter.id, "queue": str(letter.queue)}
                found = f"a job of part {letter.job.part} in {letter.queue}"
                page.findings.append(
                    Finding(code=Code.DEAD_LETTER_LEFT, document_id=letter.job.document_id, found=found, target=target)
                )
    return page


#: In the order in which they are made: what ends a deletion comes before what only clears up after one
SURVEYS: dict[str, Survey] = {
    survey.__name__: survey
    for survey in (statuses, documents, histories, rows, derived, needed, parts, uploads, subscriptions, dead_letters)
}


def _of_upload(bucket: str, key: str, services: DoctorServices) -> Sequence[Finding]:
    status = services.statuses.get(f"{bucket}#{key}")
    if status is not None and status.generation > 0:
        return []
    blob = services.blobs.head(bucket, key)
    if blob is None or principals.owner_of(key, blob.metadata) is None:
        return []
    if blob.metadata.get("rag_enabled", "true").strip().lower() in DISABLED:
        return []
    document_id = status.document_id if status else ""
    found = f"a file of {blob.size} bytes, stored at {blob.stored_at}"
    target: dict[str, Any] = {"bucket": bucket, "key": key}
    return [Finding(code=Code.UPLOAD_NOT_TAKEN_IN, document_id=document_id, found=found, target=target)]


def _why_left(each: Subscription, services: DoctorServices, before: datetime) -> str:
    """Why a subscription is of no use; empty when it is."""
    if each.expires < before:
        return "the socket's token has expired"
    if not each.topic.startswith(DOCUMENT_TOPIC) or each.written_at >= before:
        return ""
    gone = services.statuses.find(each.topic.removeprefix(DOCUMENT_TOPIC)) is None
    return "its document is gone" if gone else ""
