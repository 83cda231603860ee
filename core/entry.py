"""The entry: an uploaded object is validated, recorded, routed, cut into parts and queued, in about a second."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core import logs, parts, principals, versions
from core.aws import Services
from core.blobs import Blob
from core.errors import DocumentError, RagError
from core.inspection import Inspection, inspect
from core.jobs import Job
from core.status import DocumentStatus, Status
from core.status_store import Upload

DISABLED = {"false", "0", "no", "off"}


class NotFoundError(RagError):
    """There is no such object, or it is not the caller's: the two are not told apart."""


class BucketNotAllowedError(RagError):
    """The bucket is not one whose objects may be processed."""


class NotWantedError(RagError):
    """The object says ``rag_enabled=false``."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """An object to process and who asks for it."""

    bucket: str
    key: str
    callers: Sequence[str] | None = None  #: the principals that ask; None: S3 itself
    file_name: str = ""
    force: bool = False


def accept(request: Request, services: Services) -> DocumentStatus:
    """Take an object in; afterwards its status is ``queued``, or unchanged when the same content is already in.

    Repeating it is harmless. Raises NotFoundError, BucketNotAllowedError, NotWantedError, or DocumentError after
    having recorded the failure for the owner.
    """
    started = time.perf_counter()
    blob, owner = _find(request, services)
    upload = _upload(request, blob, owner, services)
    file = services.blobs.open(blob)
    try:
        if blob.size > services.settings.max_upload_bytes:
            limit = services.settings.max_upload_bytes // 1_000_000
            raise DocumentError("too_large", f"The file is larger than {limit} MB.")
        inspection = inspect(file, upload.file_name, services.settings.max_pages)
    except DocumentError as error:
        services.statuses.reject(upload, code=error.code, message=error.message, stage=Status.VALIDATING)
        raise
    status = _queue(upload, blob, inspection, services)
    logs.info(
        "Status updated",
        status=status.status,
        stage=Status.VALIDATING,
        statusId=status.status_id,
        documentId=status.document_id,
        pipeline_type=inspection.routes.route,
        pages=inspection.pages,
        bytes=blob.size,
        bytes_fetched=file.bytes_fetched,
        requests=file.requests,
        duration_ms=round((time.perf_counter() - started) * 1000),
    )
    return status


def _find(request: Request, services: Services) -> tuple[Blob, str]:
    if request.bucket not in services.settings.allowed_buckets():
        raise BucketNotAllowedError
    blob = services.blobs.head(request.bucket, request.key)
    if blob is None:
        raise NotFoundError
    owner = principals.owner_of(blob.key, blob.metadata)
    if owner is None or (request.callers is not None and owner not in request.callers):
        raise NotFoundError
    if blob.metadata.get("rag_enabled", "true").strip().lower() in DISABLED:
        raise NotWantedError
    return blob, owner


def _upload(request: Request, blob: Blob, owner: str, services: Services) -> Upload:
    digest = versions.pipeline_digest(services.settings)
    return Upload(
        bucket=blob.bucket,
        key=blob.key,
        owner=owner,
        file_name=request.file_name or PurePosixPath(blob.key).name,
        media_type="",
        size=blob.size,
        version=versions.version_of(blob.content_id, digest),
        force=request.force,
    )


def _queue(upload: Upload, blob: Blob, inspection: Inspection, services: Services) -> DocumentStatus:
    runs = parts.cut(inspection.pages, services.settings.text_part_pages)
    begun = services.statuses.begin(
        upload.of_type(inspection.media_type),
        routing=inspection.routes.as_dict(),
        total_pages=inspection.pages,
        parts=len(runs),
    )
    # A repeated event finds the version begun; only while it is still validating may its jobs be missing.
    if begun.status.status != Status.VALIDATING or begun.status.version != upload.version:
        return begun.status
    services.queues.send([_job(begun.status, blob, number, runs, inspection) for number in range(len(runs))])
    return services.statuses.queued(begun.status)


def _job(status: DocumentStatus, blob: Blob, number: int, runs: list[tuple[int, int]], inspection: Inspection) -> Job:
    first_page, last_page = runs[number]
    return Job(
        document_id=status.document_id,
        bucket=blob.bucket,
        key=blob.key,
        etag=blob.etag,
        owner=status.owner,
        file_name=status.file_name,
        media_type=inspection.media_type,
        size_bytes=blob.size,
        version=status.version,
        generation=status.generation,
        part=number,
        parts=len(runs),
        first_page=first_page,
        last_page=last_page,
        total_pages=inspection.pages,
    )
