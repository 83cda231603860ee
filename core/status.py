"""Status: the state of a document, and which changes of it are allowed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from core.contents import Content


class Status(StrEnum):
    """What a document is going through; each has the sentence that its owner reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    AWAITING_UPLOAD = "awaiting_upload", "Waiting for the file"
    UPLOADED = "uploaded", "The file has arrived"
    VALIDATING = "validating", "Checking the file"
    QUEUED = "queued", "Waiting for a worker"
    PROCESSING_STARTED = "processing_started", "Processing has started"
    CONVERTING_PAGES = "converting_pages", "Rendering pages"
    EXTRACTING_TEXT = "extracting_text", "Reading the text of the pages"
    CLASSIFYING_VISUALS = "classifying_visuals", "Looking for pictures worth reading"
    PROCESSING_VISUALS = "processing_visuals", "Reading pictures"
    CHUNKING = "chunking", "Cutting the text into chunks"
    EMBEDDING = "embedding", "Embedding the text"
    EMBEDDING_PAGES = "embedding_pages", "Embedding page images"
    STORING = "storing", "Storing"
    COMPLETED = "completed", "Ready to be searched"
    COMPLETED_WITH_GAPS = "completed_with_gaps", "Ready to be searched, except for pages that could not be read"
    FAILED = "failed", "Processing failed"
    CANCELLED = "cancelled", "Processing was cancelled"
    DELETED = "deleted", "The document was deleted"


#: States that a version leaves by itself never, and a failed one only when its owner wants it tried again.
#: DELETED is the last of all: what is left of the document is being removed, and its name is free for another one.
FINAL = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_GAPS, Status.FAILED, Status.CANCELLED, Status.DELETED})
#: Final states in which the version can be searched
SEARCHABLE = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_GAPS})
#: States before any worker has begun
WAITING = frozenset({Status.AWAITING_UPLOAD, Status.UPLOADED, Status.VALIDATING, Status.QUEUED})

UPDATE = "document_status_update"  #: type of the message that tells a state
QUEUED_PROGRESS, STARTED_PROGRESS, WORK_PROGRESS = 5, 10, 85  #: percent: queued, started, and the share of the parts
FAILURE = frozenset({"error", "code", "stage", "retryable"})  #: what the metadata of a failed version adds
WHOLE = 1000  #: a part that is done, in permille


@dataclass(frozen=True, kw_only=True)
class DocumentStatus:
    """The state of the latest version of a document."""

    status_id: str
    document_id: str
    owner: str
    bucket: str
    key: str
    file_name: str
    media_type: str
    size: int
    version: str
    generation: int  #: counts the versions; 0 while the first upload is awaited
    sequence: int  #: counts the changes, over all generations
    status: Status
    metadata: Mapping[str, Any]  #: what the owner is told; always holds progress, message, fileName, generation
    created_at: str  #: when the document became known
    timestamp: str  #: when this version began; lists are in this order, so work in progress does not reshuffle them
    updated_at: str  #: when this change was made
    current_generation: int | None = None  #: the version that searches see
    content: Content | None = None  #: the bytes of this version; None where earlier releases kept none
    page_routes: tuple[Mapping[str, Any], ...] = ()  #: page, route and reason of each page that was looked at
    part_permille: tuple[int, ...] = ()  #: how far each part is
    part_pages: tuple[int, ...] = ()  #: pages done of each part

    @property
    def progress(self) -> int:
        """Percent done; never goes down within a generation."""
        return int(self.metadata["progress"])

    @property
    def is_running(self) -> bool:
        """Whether its version is being worked on, or waits for that."""
        return self.generation > 0 and self.status not in FINAL

    @property
    def is_resumable(self) -> bool:
        """Whether its version has failed in a way that may pass, so that what is done of it is kept for another try."""
        return self.status is Status.FAILED and bool(self.metadata.get("retryable")) and bool(self.part_permille)

    def is_version(self, document_id: str, generation: int) -> bool:
        """Whether this is the state of that generation of that document."""
        return (self.document_id, self.generation) == (document_id, generation)

    def body(self) -> dict[str, Any]:
        """The ``document_status_update`` message, which is also the answer to ``GET …/status``."""
        return {
            "type": UPDATE,
            "statusId": self.status_id,
            "documentId": self.document_id,
            "sequence": self.sequence,
            "status": str(self.status),
            "metadata": dict(self.metadata),
            "timestamp": self.updated_at,
        }


@dataclass(frozen=True, kw_only=True)
class Change:
    """What somebody reports about one version of a document."""

    document_id: str
    generation: int
    version: str
    status: Status
    at: str  #: the time, ISO 8601
    message: str = ""  #: empty: the state's own sentence
    part: int | None = None  #: the part that the report is about
    fraction: float = 0.0  #: how far that part is, 0 to 1
    pages_done: int = 0  #: pages of that part that are done
    details: Mapping[str, Any] | None = None  #: added to the metadata

    def is_about(self, current: DocumentStatus) -> bool:
        """Whether the version is still the document's latest one."""
        return (self.document_id, self.generation, self.version) == (
            current.document_id,
            current.generation,
            current.version,
        )


def advance(current: DocumentStatus, change: Change) -> DocumentStatus | None:
    """The next state of a document; ``current`` itself when the change says nothing new; None when it is refused.

    Refused are reports on any version but the latest, and those that come after a final state. Progress and pages
    never go down, and a version that left the queue never returns to it.
    """
    if not change.is_about(current):
        return None
    if current.status in FINAL:
        return current if change.status is current.status else None
    if change.status in WAITING and not _may_wait(current.status, change.status):
        return current
    reported = _report(current, change)
    following = replace(reported, status=change.status, metadata=_metadata(reported, change))
    if following == current:
        return current
    return replace(following, sequence=current.sequence + 1, updated_at=change.at)


def resume(current: DocumentStatus, at: str) -> DocumentStatus | None:
    """The state in which a failed version goes on where it stood; None when it did not fail in a way that may pass."""
    if not current.is_resumable:
        return None
    metadata = {name: value for name, value in current.metadata.items() if name not in FAILURE}
    metadata |= {"message": Status.QUEUED.sentence}
    return replace(current, status=Status.QUEUED, metadata=metadata, sequence=current.sequence + 1, updated_at=at)


def bury(current: DocumentStatus, at: str) -> DocumentStatus:
    """The state of a document whose deletion has begun; ``current`` itself when it had begun before."""
    if current.status is Status.DELETED:
        return current
    known = {name: value for name, value in current.metadata.items() if name not in FAILURE}
    return replace(
        current,
        status=Status.DELETED,
        metadata=known | {"progress": 0, "message": Status.DELETED.sentence},
        sequence=current.sequence + 1,
        updated_at=at,
        part_permille=(),
        part_pages=(),
    )


def _may_wait(current: Status, wanted: Status) -> bool:
    order = [Status.AWAITING_UPLOAD, Status.UPLOADED, Status.VALIDATING, Status.QUEUED]
    return current in order and order.index(wanted) > order.index(current)


def _report(current: DocumentStatus, change: Change) -> DocumentStatus:
    """The state with what the part is reported to have done; a finished version becomes the current one."""
    if change.status in SEARCHABLE:
        return replace(current, current_generation=current.generation, part_permille=(), part_pages=())
    if change.status is Status.CANCELLED:
        return replace(current, part_permille=(), part_pages=())
    if change.status in FINAL:
        return current
    if change.part is None:
        return current
    permille = round(WHOLE * min(max(change.fraction, 0.0), 1.0))
    return replace(
        current,
        part_permille=_raised(current.part_permille, change.part, permille),
        part_pages=_raised(current.part_pages, change.part, change.pages_done),
    )


def _raised(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], max(values[index], value), *values[index + 1 :])


def _metadata(reported: DocumentStatus, change: Change) -> dict[str, Any]:
    known = dict(reported.metadata)
    known |= {"progress": max(reported.progress, _progress(reported, change.status))}
    known |= {"message": change.message or change.status.sentence}
    if reported.part_pages:
        known["pagesDone"] = min(sum(reported.part_pages), known.get("totalPages", 0))
    if change.status in SEARCHABLE:
        known["pagesDone"] = known.get("totalPages", 0)
        known.pop("currentGeneration", None)
    return known | dict(change.details or {})


def _progress(reported: DocumentStatus, status: Status) -> int:
    if status in SEARCHABLE:
        return 100
    if status is Status.QUEUED:
        return QUEUED_PROGRESS
    if status in FINAL | WAITING:
        return 0
    parts = reported.part_permille
    return STARTED_PROGRESS + (WORK_PROGRESS * sum(parts) // (WHOLE * len(parts)) if parts else 0)
