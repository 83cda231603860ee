"""Deletion: a document is removed from every store, in an order that survives a crash at any step."""

from datetime import UTC, datetime

from api.connections import connected
from api.models import DeletedCounts, DeletionReceipt
from api.records import moment
from api.services import ApiServices
from core import logs
from core.status import DocumentStatus
from rag.removal import delete_document


def delete(status: DocumentStatus, services: ApiServices) -> DeletionReceipt:
    """Remove a document; returns what was removed from each store.

    First its workers are told to stop, then its rows go and a tombstone keeps late workers out, then its objects, at
    last its history and state. Every step may be repeated, and the state, by which the document is found, goes last:
    after a crash the caller can delete again.
    """
    services.statuses.cancel(status.document_id)
    rows = connected(services.database, lambda database: delete_document(database, [status.owner], status.document_id))
    derived = services.blobs.delete_derived(status.document_id)
    upload = services.blobs.delete(status.bucket, status.key)
    records = services.statuses.delete(status.document_id)
    logs.info("Document deleted", statusId=status.status_id, documentId=status.document_id, rows=sum(rows.values()))
    return DeletionReceipt(
        document_id=status.document_id,
        status_id=status.status_id,
        deleted=DeletedCounts(
            postgres=rows,
            derived_objects=derived,
            upload_object=upload,
            status=records["status"],
            audit=records["audit"],
        ),
        deleted_at=moment(datetime.now(UTC)),
    )
