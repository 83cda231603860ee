"""What the HTTP routes take and answer; the API's description is generated from these models."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.status import Status

DOCUMENT_ID = "8c1b7a52-93a5-4b5e-9f0e-2c9f6c1d7e10"
STATUS_ID = "uploads#5b1e/reports/2026.pdf"
MOMENT = "2026-11-21T09:00:00.000Z"


class Shape(BaseModel):
    """JSON writes names in camel case, Python in snake case."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class ErrorResponse(Shape):
    """Why a request failed; `code` is stable and made for programs."""

    error: Annotated[str, Field(examples=["There is no such document."])]
    code: Annotated[str, Field(examples=["document_not_found"])]
    request_id: Annotated[str, Field(examples=["Zk1aHg3uoAMESbQ="])]


class GatewayError(Shape):
    """Why the gateway itself refused a request; it never reached the service."""

    message: Annotated[str, Field(examples=["Unauthorized"])]


class DocumentSummary(Shape):
    """A document and how far it is."""

    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    status_id: Annotated[str, Field(examples=[STATUS_ID])]
    file_name: str
    content_type: str
    size: int
    status: Status
    progress: Annotated[int, Field(ge=0, le=100)]
    sequence: Annotated[int, Field(description="Number of the latest change")]
    created_at: Annotated[str, Field(examples=[MOMENT])]
    updated_at: Annotated[str, Field(examples=[MOMENT])]


class DocumentList(Shape):
    """One page of the caller's documents, the latest first."""

    documents: list[DocumentSummary]
    next_cursor: Annotated[str | None, Field(description="Pass it as `cursor` for the next page; null on the last")]


class PageGap(Shape):
    """A page whose content could not be read."""

    page: int
    reason: str


class Notice(Shape):
    """Something that was left out, and how to have it."""

    code: str
    message: str


class PageCounts(Shape):
    """How many pages took which route in the end."""

    text: int
    visual: int


class DocumentVersion(Shape):
    """One ingestion of the document's bytes, as the database has it."""

    generation: int
    version: str
    state: Annotated[str, Field(description="`running` or `current`", examples=["current"])]
    pages: int
    parts: int
    finished_parts: int
    chunks: int
    tokens: int
    gaps: list[PageGap]
    languages: list[str]
    routes: Annotated[PageCounts, Field(description="Of the pages that workers have finished")]
    pictures: Annotated[
        dict[str, int],
        Field(
            description="Pictures inside text pages: found, described, read by OCR, skipped; empty: nobody looked",
            examples=[{"found": 12, "described": 2, "read": 3, "skipped": 7}],
        ),
    ]
    notices: list[Notice]
    started_at: str
    finished_at: str | None


class PageRoute(Shape):
    """Which pipeline a page belongs to by its content, and why."""

    page: int
    route: Annotated[str, Field(description="`text` or `visual`")]
    reason: str


class DocumentDetail(DocumentSummary):
    """Everything that is known of a document."""

    bucket: str
    key: str
    owner: str
    version: str
    generation: int
    metadata: Annotated[dict[str, Any], Field(description="As in the status message: message, pages, routes, failure")]
    pages: Annotated[int | None, Field(description="Pages that searches see; null before the first completion")]
    chunks: Annotated[int | None, Field(description="Chunks that searches see")]
    gaps: list[PageGap]
    page_routes: Annotated[list[PageRoute], Field(description="The pages that the entry looked at")]
    versions: Annotated[list[DocumentVersion], Field(description="The latest first")]


class StatusMessage(Shape):
    """The state of a document: the same body as the WebSocket's `document_status_update`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "document_status_update",
                    "statusId": STATUS_ID,
                    "documentId": DOCUMENT_ID,
                    "sequence": 7,
                    "status": "embedding",
                    "metadata": {"progress": 64, "message": "Embedding", "totalPages": 120, "pagesDone": 70},
                    "timestamp": MOMENT,
                }
            ]
        },
    )

    type: str
    status_id: str
    document_id: str
    sequence: int
    status: Status
    metadata: dict[str, Any]
    timestamp: str


class EventList(Shape):
    """Changes of a document's state in their order, each as it was pushed."""

    document_id: str
    events: list[StatusMessage]
    next_after: Annotated[int | None, Field(description="Pass it as `after` for more; null at the end")]


class DeletedCounts(Shape):
    """What was removed, a store at a time."""

    postgres: Annotated[dict[str, int], Field(description="Rows by table")]
    derived_objects: Annotated[
        dict[str, int], Field(description="By kind: `pageImages`, `text`, `converted` (PDFs of presentations), `other`")
    ]
    upload_objects: Annotated[int, Field(ge=0, description="The file, in all versions that its bucket keeps")]
    parts: Annotated[int, Field(description="Records of how its versions were cut, and of work that was pending")]
    status: int
    audit: Annotated[int, Field(description="Changes of state; 0 where the service keeps them until they expire")]
    subscriptions: Annotated[int, Field(description="Sockets that watched it: each is told `deleted`, then forgotten")]


class DeletionReceipt(Shape):
    """The document is gone: it can neither be found nor be brought back by a late worker."""

    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    status_id: Annotated[str, Field(examples=[STATUS_ID])]
    deleted: DeletedCounts
    deleted_at: Annotated[str, Field(examples=[MOMENT])]
