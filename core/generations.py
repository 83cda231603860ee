"""Generations: how an upload becomes the next version of its document. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from core import versions
from core.contents import Content
from core.errors import DocumentError, TransientError
from core.routing import Route
from core.status import FINAL, SEARCHABLE, DocumentStatus, Status

SECOND = len("2026-11-21T09:00:00")  #: a time to the second, which is as exact as S3 tells it


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that has arrived, or is announced."""

    bucket: str
    key: str
    owner: str
    file_name: str
    media_type: str  #: empty while unknown
    size: int
    version: str = ""  #: digest of content and pipeline; empty while unknown
    content: Content | None = None  #: None while unknown
    force: bool = False  #: process the content again although it is unchanged
    repeats: int | None = None  #: the same, if this is still the latest generation
    route: Route | None = None  #: the route that its owner forces on all pages
    stored_at: str = ""  #: when the file was stored, ISO 8601 in whole seconds; empty while it is announced
    document_id: str = ""  #: what the document is called if it is new; empty: a random id

    @property
    def status_id(self) -> str:
        """The document's alias ``bucket#key``."""
        return f"{self.bucket}#{self.key}"

    def of_type(self, media_type: str) -> Self:
        """The same upload, its type now known from its content."""
        return replace(self, media_type=media_type)


@dataclass(frozen=True)
class Begun:
    """A document's state after an upload, and whether that upload began a version."""

    status: DocumentStatus
    started: bool


def announce(current: DocumentStatus | None, upload: Upload, document_id: str, at: str) -> DocumentStatus:
    """The state after an upload was announced; a document that has a version already is left as it is.

    Raises DocumentError when the key is another owner's.
    """
    current = _living(current, upload)
    _same_owner(current, upload)
    if current is not None and current.generation > 0:
        return current
    return _next(current, upload, document_id, at, generation=0, status=Status.AWAITING_UPLOAD)


def begin(
    current: DocumentStatus | None,
    upload: Upload,
    document_id: str,
    at: str,
    *,
    routing: Mapping[str, Any],
    total_pages: int,
    parts: int,
) -> DocumentStatus:
    """The state in which the upload's version begins: ``validating``, of the next generation.

    The same version, when it is running or can be searched, is left as it is.
    Raises DocumentError when the key is another owner's, TransientError while its file is being deleted.
    """
    current = _living(current, upload)
    _same_owner(current, upload)
    if current is not None and is_unchanged(current, upload):
        return current
    begun = _next(current, upload, document_id, at, generation=_generation(current) + 1, status=Status.VALIDATING)
    counts = {name: value for name, value in routing.items() if name != "pages"}  # a message is no place for each page
    return replace(
        begun,
        metadata={**begun.metadata, "totalPages": total_pages, "pagesDone": 0, "parts": parts, "routes": counts},
        page_routes=tuple(routing.get("pages", ())),
        part_permille=(0,) * parts,
        part_pages=(0,) * parts,
    )


def reject(
    current: DocumentStatus | None, upload: Upload, document_id: str, at: str, *, failure: Mapping[str, Any]
) -> DocumentStatus | None:
    """The state after an upload was refused before a version of it began; the version that searches see remains.

    ``current`` itself when the same refusal is known already; None when the key is another owner's.
    Raises TransientError while the file is being deleted.
    """
    current = _living(current, upload)
    if current is not None and current.owner != upload.owner:
        return None
    if current is not None and _is_known(current, upload, failure):
        return current
    rejected = _next(current, upload, document_id, at, generation=_generation(current) + 1, status=Status.FAILED)
    return replace(rejected, metadata={**rejected.metadata, "message": failure["error"], **failure})


def refuse(
    current: DocumentStatus | None, upload: Upload, document_id: str, at: str, *, failure: Mapping[str, Any]
) -> DocumentStatus | None:
    """The state after an upload was refused for now, for a reason that does not lie in its content.

    As ``reject``, but the same content that is running or can be searched is left as it is.
    """
    same = replace(upload, force=False, repeats=None)
    if current is not None and current.owner == upload.owner and is_unchanged(current, same):
        return current
    return reject(current, upload, document_id, at, failure=failure)


COUNTED_AGAIN = {Status.DELETED, Status.CANCELLED, *SEARCHABLE}


def is_repeat(current: DocumentStatus | None, upload: Upload) -> bool:
    """Whether the upload is a version once more that had begun before, and was counted then.

    One that was refused or rejected had not: nobody knew the number of its pages. One that its owner has cancelled, or
    that can be searched, is begun again because its owner wants it, and counts again.
    """
    if current is None or current.status in COUNTED_AGAIN:
        return False
    return current.generation == upload.repeats and "totalPages" in current.metadata


def is_unchanged(current: DocumentStatus, upload: Upload) -> bool:
    """Whether the upload's content is being processed or was processed last, or it is a repeat that comes too late."""
    if upload.repeats is not None and upload.repeats != current.generation:
        return True
    running = current.status not in FINAL and current.generation > 0
    begun_in_vain = current.status is Status.VALIDATING or not running
    if upload.force or (upload.repeats == current.generation and begun_in_vain):
        return False
    if running:
        return current.version == upload.version and not _is_moved(current, upload)
    return current.status in SEARCHABLE and (current.version == upload.version or _is_same(current, upload))


def _is_moved(current: DocumentStatus, upload: Upload) -> bool:
    """Whether the object that the version's workers read has been replaced, so that they can read it no more."""
    return bool(current.content and upload.content and current.content.etag != upload.content.etag)


def _is_same(current: DocumentStatus, upload: Upload) -> bool:
    """Whether the upload has the version's bytes, which came another way, and would take its pipeline and route."""
    if upload.content is None or (current.content and not current.content.is_same(upload.content)):
        return False
    known = current.content.id if current.content else upload.content.plain_id
    return current.version == versions.like(upload.version, known, upload.route or "")


def _living(current: DocumentStatus | None, upload: Upload) -> DocumentStatus | None:
    """The document that has the upload's name; None when its deletion has begun, so that a new one may have it.

    Raises TransientError for a file that was there before: it is gone soon, and nothing must come of it.
    """
    if current is None or current.status is not Status.DELETED:
        return current
    if upload.stored_at and upload.stored_at[:SECOND] <= current.updated_at[:SECOND]:
        raise TransientError("the file is being deleted")
    return None


def _is_known(current: DocumentStatus, upload: Upload, failure: Mapping[str, Any]) -> bool:
    failed = current.status is Status.FAILED and current.generation > 0
    same = all(current.metadata.get(name) == failure[name] for name in ("code", "error"))
    return failed and current.version == upload.version and same


def _next(
    current: DocumentStatus | None, upload: Upload, document_id: str, at: str, *, generation: int, status: Status
) -> DocumentStatus:
    """The next change of the document, or its first; its id, owner and creation never change."""
    searched = current.current_generation if current else None
    metadata = {"progress": 0, "message": status.sentence, "fileName": upload.file_name, "generation": generation}
    return DocumentStatus(
        status_id=upload.status_id,
        document_id=current.document_id if current else document_id,
        owner=upload.owner,
        bucket=upload.bucket,
        key=upload.key,
        file_name=upload.file_name,
        media_type=upload.media_type or (current.media_type if current else ""),
        size=upload.size,
        version=upload.version,
        content=upload.content,
        generation=generation,
        sequence=current.sequence + 1 if current else 1,
        status=status,
        metadata=metadata if searched is None else {**metadata, "currentGeneration": searched},
        created_at=current.created_at if current else at,
        timestamp=at,
        updated_at=at,
        current_generation=searched,
    )


def _generation(current: DocumentStatus | None) -> int:
    return current.generation if current else 0


def _same_owner(current: DocumentStatus | None, upload: Upload) -> None:
    if current is not None and current.owner != upload.owner:
        raise DocumentError("owner_mismatch", "Another owner's document has this name.")
