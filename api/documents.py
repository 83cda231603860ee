"""Documents: what there is, how far it is, its history; stopping and deleting one."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import call, deletion, problems, records
from api.identity import DocumentId, identity
from api.models import (
    DeletionReceipt,
    DocumentDetail,
    DocumentList,
    DocumentSummary,
    EventList,
    PageRoute,
    StatusMessage,
)
from api.services import ApiServices
from core.database_retry import connected
from core.http import HttpError
from core.status import DocumentStatus, Status

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

TAGS = ["documents"]
DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


@router.get(
    "/v2/documents",
    tags=TAGS,
    summary="List documents",
    operation_id="listDocuments",
)
def list_documents(
    status: Annotated[Status | None, Query(description="Only documents in this state")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=4096, description="`nextCursor` of the page before")] = None,
) -> DocumentList:
    """The caller's documents, the latest first, a page at a time."""
    caller = call.current(router)
    found, following = caller.services.statuses.list(caller.principals, status=status, limit=limit, cursor=cursor)
    return DocumentList(documents=[_summary(item) for item in found], next_cursor=following)


@router.get(
    "/v2/documents/<documentId>",
    tags=TAGS,
    summary="Get a document",
    operation_id="getDocument",
)
def get_document(document_id: DocumentId) -> DocumentDetail:
    """Everything that is known of one document: its state, and its versions as searches see them."""
    status = _owned(document_id)
    known = connected(
        _services().database, lambda database: records.versions(database, [status.owner], status.document_id)
    )
    current = records.current(known)
    return DocumentDetail(
        **_summary(status).model_dump(),
        bucket=status.bucket,
        key=status.key,
        owner=status.owner,
        version=status.version,
        generation=status.generation,
        metadata=status.body()["metadata"],
        page_routes=[PageRoute(**route) for route in status.page_routes],
        pages=current.pages if current else None,
        chunks=current.chunks if current else None,
        gaps=current.gaps if current else [],
        versions=known,
    )


@router.get(
    "/v2/documents/<documentId>/status", tags=TAGS, summary="Get a document's state", operation_id="getDocumentStatus"
)
def get_status(document_id: DocumentId) -> StatusMessage:
    """The state as the WebSocket pushes it: for clients that poll."""
    return StatusMessage(**_owned(document_id).body())


@router.get(
    "/v2/documents/<documentId>/events", tags=TAGS, summary="Get a document's history", operation_id="getDocumentEvents"
)
def get_events(
    document_id: DocumentId,
    after: Annotated[int, Query(ge=0, description="Only changes with a higher sequence number")] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> EventList:
    """Every change of state, in order, as it was pushed."""
    status = _owned(document_id)
    events = _services().statuses.events(status.document_id, after=after, limit=limit)
    following = events[-1]["sequence"] if len(events) == limit else None
    return EventList(
        document_id=status.document_id, events=[StatusMessage(**event) for event in events], next_after=following
    )


@router.post(
    "/v2/documents/<documentId>/cancel", tags=TAGS, summary="Stop processing a document", operation_id="cancelDocument"
)
def cancel_document(document_id: DocumentId) -> StatusMessage:
    """Stop the running version; what an earlier version made searchable stays. Cancelling twice is harmless."""
    status = _owned(document_id)
    cancelled = _services().statuses.cancel(status.document_id) or _owned(document_id)
    if cancelled.status is not Status.CANCELLED:
        raise HttpError(HTTPStatus.CONFLICT, "already_final", f"The document is already {cancelled.status}.")
    return StatusMessage(**cancelled.body())


@router.delete(
    "/v2/documents/<documentId>",
    tags=TAGS,
    summary="Delete a document",
    operation_id="deleteDocument",
)
def delete_document(document_id: DocumentId) -> DeletionReceipt:
    """Remove the file, its text, what was derived from it, its state and its history; the answer counts them.

    A deletion that was interrupted can simply be repeated, by the `documentId` until the very end; from its beginning
    on the document reads `deleted`, and its name is free for another one.
    """
    caller, services = call.current(router), _services()
    document = deletion.find(identity(document_id), services)
    if document is None or document.owner not in caller.principals:
        raise problems.document_not_found()
    return deletion.delete(document, services, services.connections)


def _owned(segment: str) -> DocumentStatus:
    """The document that the path names; raises HttpError unless it is one of the caller's."""
    return call.current(router).document(segment)


def _services() -> ApiServices:
    return call.current(router).services


def _summary(status: DocumentStatus) -> DocumentSummary:
    return DocumentSummary(
        document_id=status.document_id,
        status_id=status.status_id,
        file_name=status.file_name,
        content_type=status.media_type,
        size=status.size,
        status=status.status,
        progress=status.progress,
        sequence=status.sequence,
        created_at=status.created_at,
        updated_at=status.updated_at,
    )
