"""Dead letters: messages that were given up, and which of them somebody means. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Literal, Self

from core.events import NotificationError, UploadedObject, uploaded_objects
from core.jobs import LETTERS, Job, JobSchemaError
from core.status import DocumentStatus

Kind = Literal["job", "upload", "unknown"]


class QueueName(StrEnum):
    """The queues that have a dead-letter queue, each named for it."""

    DOCUMENT_INDEX = "document-index"
    TEXT_RAG = "text-rag"
    VDR = "vdr"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message in a dead-letter queue."""

    id: str
    queue: QueueName
    body: str
    sent_at: float  #: epoch seconds; when it came to rest, but when it was first sent if its queue has moved it
    receive_count: int  #: how often it was received where it rests; each look at it counts
    job: Job | None = None
    upload: UploadedObject | None = None

    @classmethod
    def read(cls, *, id: str, queue: QueueName, body: str, sent_at: float, receive_count: int) -> Self:
        """A letter with what its body asks for; one that asks for nothing known is ``unknown``."""
        job, upload = _job(body), None
        if job is None:
            upload = _upload(body)
        return cls(id=id, queue=queue, body=body, sent_at=sent_at, receive_count=receive_count, job=job, upload=upload)

    @property
    def kind(self) -> Kind:
        """What it asks for."""
        if self.job:
            return "job"
        return "upload" if self.upload else "unknown"

    @property
    def status_id(self) -> str | None:
        """The document's alias ``bucket#key``, if it is about one."""
        if self.job:
            return self.job.status_id
        return f"{self.upload.bucket}#{self.upload.key}" if self.upload else None

    def is_of(self, status: DocumentStatus | None) -> bool:
        """Whether it is about this document, and not about another one that had the same name before."""
        if status is None or status.status_id != self.status_id:
            return False
        return self.job is None or self.job.document_id == status.document_id

    def document_id(self, status: DocumentStatus | None) -> str | None:
        """The document's id; that of an upload is known by the document's state alone."""
        if self.job:
            return self.job.document_id
        return status.document_id if status and self.is_of(status) else None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which letters are meant: those that fit all of what is given."""

    ids: Collection[str] | None = None
    document: str | None = None  #: documentId or statusId
    code: str | None = None  #: the error code that the document shows at present

    def may_take(self, letter: Letter) -> bool:
        """Whether the letter fits as far as can be told without its document's state."""
        if self.ids is not None and letter.id not in self.ids:
            return False
        return letter.status_id is not None or not (self.document or self.code)

    def takes(self, letter: Letter, status: DocumentStatus | None) -> bool:
        """Whether the letter fits; ``status`` is the present state of what has its name."""
        if not self.may_take(letter):
            return False
        if self.document and self.document not in {letter.status_id, letter.document_id(status)}:
            return False
        return not self.code or self.code == error_code(letter, status)

    @property
    def needs_state(self) -> bool:
        """Whether the documents' states decide."""
        return bool(self.document or self.code)


def error_code(letter: Letter, status: DocumentStatus | None) -> str | None:
    """The error code that the letter's document shows at present."""
    code = status.metadata.get("code") if status and letter.is_of(status) else None
    return None if code is None else str(code)


def _job(body: str) -> Job | None:
    try:
        job = Job.from_json(body)
    except (JobSchemaError, RecursionError):
        return None
    kinds = {item.name: int if item.type is int else str for item in fields(Job)}
    is_whole = all(isinstance(getattr(job, name), kind) for name, kind in kinds.items())
    return job if is_whole and job.route in LETTERS else None


def _upload(body: str) -> UploadedObject | None:
    """The object that an upload notification names, the first of them if it names several."""
    try:
        found = next(uploaded_objects(body), None)
    except NotificationError:
        return None
    return found if found and found.bucket and found.key else None
