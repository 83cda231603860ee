"""Deletion: a document is removed from every store, in an order that survives a crash at any step.

First the document's state becomes ``deleted``: its workers stop, its watchers hear of it, and its name is free for
another document. Then its rows go and a tombstone keeps late workers out, then what would let its work go on, then its
objects, then its state. Its history goes last of all, as it says whose document that was: until then the deletion can
be found, by the document's id, and repeated.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from api.models import DeletedCounts, DeletionReceipt
from api.records import moment
from core import logs
from core.aws import Services
from core.database_retry import connected
from core.errors import TransientError
from core.status import DocumentStatus, Status
from core.status_history import Event
from rag.removal import delete_document
from websocket.connections import Connections, document_topic

KEEP = "keep"  #: of the setting ``audit_after_deletion``
LONGEST_ID = 64  #: characters of a documentId


@dataclass(frozen=True)
class Doomed:
    """A document that is to be deleted, or whose deletion has begun."""

    document_id: str
    status_id: str
    owner: str
    deleted_at: str = ""  #: when its deletion began, ISO 8601; empty: it has not

    @classmethod
    def of(cls, known: DocumentStatus | Event) -> Self:
        """The document that a state, or the last change of one, is about."""
        began = known.status is Status.DELETED
        changed = known.timestamp if isinstance(known, Event) else known.updated_at
        return cls(known.document_id, known.status_id, known.owner, changed if began else "")

    @property
    def object(self) -> tuple[str, str]:
        """Bucket and key of its file."""
        bucket, _, key = self.status_id.partition("#")
        return bucket, key


def find(name: str, services: Services) -> Doomed | None:
    """The document of that id or alias; by its id also one that a deletion has begun with and not ended."""
    status = services.statuses.resolve(name)
    if status is not None:
        return Doomed.of(status)
    is_id = "#" not in name and 0 < len(name) <= LONGEST_ID
    event = services.statuses.last_event(name) if is_id else None
    return Doomed.of(event) if event and event.status is Status.DELETED else None


def delete(document: Doomed, services: Services, connections: Connections) -> DeletionReceipt:
    """Remove a document; returns what was removed from each store. Every step, and the whole, may be repeated.

    A file that was stored under the same name after the deletion began is another document's, and stays.
    """
    document = _bury(document, services)
    watchers = connections.subscribers(document_topic(document.document_id))
    rows = connected(
        services.database, lambda database: delete_document(database, [document.owner], document.document_id)
    )
    parts = services.parts.delete(document.document_id)
    derived = services.blobs.delete_derived(document.document_id)
    uploads = services.blobs.delete(*document.object, stored_until=document.deleted_at)
    keep = services.settings.audit_after_deletion == KEEP
    records = services.statuses.delete(document.document_id, keep_history=keep)
    counts = DeletedCounts(
        postgres=rows,
        derived_objects=derived,
        upload_objects=uploads,
        parts=parts,
        status=records["status"],
        audit=records["audit"],
        subscriptions=len(watchers),
    )
    about = {"statusId": document.status_id, "documentId": document.document_id}
    numbers = counts.model_dump(exclude={"postgres", "status"})
    logs.info("Document deleted", status=Status.DELETED, rows=sum(rows.values()), **numbers, **about)
    return DeletionReceipt(
        document_id=document.document_id,
        status_id=document.status_id,
        deleted=counts,
        deleted_at=moment(datetime.now(UTC)),
    )


def _bury(document: Doomed, services: Services) -> Doomed:
    """The document, its deletion begun; raises TransientError when it has begun nowhere."""
    status = services.statuses.bury(document.document_id)
    if status is not None:
        return Doomed.of(status)
    if not document.deleted_at:
        raise TransientError("the document is being deleted by somebody else")
    return document
