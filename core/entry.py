"""The entry: an uploaded object is validated, recorded, routed, cut into parts and queued, in about a second."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from core import chosen_routes, file_names, generations, logs, metrics, outcomes, parts, principals, tries, versions
from core.aws import Services
from core.blobs import Blob, ObjectChangedError
from core.cost import charges, consumption
from core.cost.costs import Quantity
from core.errors import DocumentError, QuotaError, RagError, TransientError
from core.inspection import Inspection, inspect
from core.jobs import PIPELINES, Job
from core.parts import Part
from core.plans import plan_of
from core.routing import Route, RouteSummary
from core.status import DocumentStatus, Status
from core.status_store import Upload

DISABLED = {"false", "0", "no", "off"}
MAX_SHOWN_ROUTES = 100  #: pages whose routes are kept with the status
MOST_REPLACEMENTS = 5  #: of a file while it is being taken in; then its message comes again


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
    file_name: str = ""  #: a plain one; empty: the last segment of the key, cleaned
    force: bool = False
    repeats: int | None = None  #: the generation that is to be done again, if it is still the latest
    route: Route | None = None  #: the route that all pages must take; None: as the object's metadata or content has it


def accept(request: Request, services: Services) -> DocumentStatus:
    """Take an object in; afterwards its status is ``queued``, or unchanged when the same content is already in.

    Repeating it is harmless. When another file has taken the object's place meanwhile, that one is taken in: its own
    entry may have come first, and the later file must win. Raises NotFoundError, BucketNotAllowedError,
    NotWantedError, or DocumentError after having recorded the failure for the owner.
    """
    with charges.charged_entry(f"{request.bucket}#{request.key}", request.callers, services):
        return _accept(request, services)


def _accept(request: Request, services: Services) -> DocumentStatus:
    for _attempt in range(MOST_REPLACEMENTS):
        blob, owner = _find(request, services)
        try:
            status = _take_in(_upload(request, blob, owner, services), blob, services)
        except (DocumentError, ObjectChangedError):
            if _is_in_place(blob, services):
                raise
        else:
            if _is_in_place(blob, services):
                return status
        request = replace(request, force=False, repeats=None)
    raise TransientError("the file keeps changing")


def _is_in_place(blob: Blob, services: Services) -> bool:
    """Whether the object is still the file that was read, or there is none any more."""
    present = services.blobs.head(blob.bucket, blob.key)
    return present is None or (present.etag, present.metadata) == (blob.etag, blob.metadata)


def _take_in(upload: Upload, blob: Blob, services: Services) -> DocumentStatus:
    started = time.perf_counter()
    file = services.blobs.open(blob)
    try:
        if blob.size > services.settings.max_upload_bytes:
            limit = services.settings.max_upload_bytes // 1_000_000
            raise DocumentError("too_large", f"The file is larger than {limit} MB.")
        inspection = inspect(file, upload.file_name, services.settings)
        inspection = chosen_routes.forced(inspection, upload.route)
        upload, inspection = _without_pictures(upload, inspection, blob, services)
    except DocumentError as error:
        _log_refused(services.statuses.reject(upload, code=error.code, message=error.message, stage=Status.VALIDATING))
        raise
    try:
        status = _queue(upload, blob, inspection, services)
    except QuotaError:
        _log_refused(services.statuses.get(upload.status_id))
        raise
    duration = round((time.perf_counter() - started) * 1000)
    if status.status is Status.QUEUED:
        metrics.put({"AcceptedDocuments": 1, "EntryDuration": duration})
    logs.info(
        "Status updated",
        status=status.status,
        stage=Status.VALIDATING,
        statusId=status.status_id,
        documentId=status.document_id,
        pipeline_type=PIPELINES[inspection.routes.route],
        pages=inspection.pages,
        bytes=blob.size,
        bytes_fetched=file.bytes_fetched,
        requests=file.requests,
        duration_ms=duration,
    )
    return status


def _log_refused(status: DocumentStatus | None) -> None:
    """Not what stays as it is: another owner's document of that name, or the same content that is in already."""
    if status is not None and status.status is Status.FAILED:
        outcomes.refused(status)


def give_up(request: Request, error: Exception, services: Services) -> DocumentStatus | None:
    """Tell the owner that an object could not be taken in, which can be retried; None when that need not be told.

    What the same content is already in for remains as it is. Raises as ``accept`` does when the object, or whose it is,
    cannot be found out.
    """
    blob, owner = _find(request, services)
    upload = _upload(request, blob, owner, services)
    known = services.statuses.get(upload.status_id)
    same = replace(upload, force=False, repeats=None)
    if known and known.status is not Status.VALIDATING and generations.is_unchanged(known, same):
        return None
    code, sentence = tries.explanation(error)
    return services.statuses.reject(upload, code=code, message=sentence, stage=Status.VALIDATING, retryable=True)


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
    route = request.route or chosen_routes.of_metadata(blob.metadata)
    return Upload(
        bucket=blob.bucket,
        key=blob.key,
        owner=owner,
        file_name=request.file_name or file_names.cleaned(PurePosixPath(blob.key).name),
        media_type="",
        size=blob.size,
        version=versions.version_of(blob.content.id, digest, route or ""),
        content=blob.content,
        force=request.force,
        repeats=request.repeats,
        route=route,
        stored_at=blob.stored_at,
    )


def _without_pictures(
    upload: Upload, inspection: Inspection, blob: Blob, services: Services
) -> tuple[Upload, Inspection]:
    """While operators have switched pages as pictures off: the same as text, as if the caller had forced that route.

    A file that is in already, with its pictures, is left as it is.
    """
    if not inspection.media_type.startswith(chosen_routes.PICTURED) or services.flags().visual:
        return upload, inspection
    known = services.statuses.get(upload.status_id)
    if known is not None and generations.is_unchanged(known, upload):
        return upload, inspection
    version = versions.version_of(blob.content.id, versions.pipeline_digest(services.settings), "text")
    return replace(upload, route="text", version=version), chosen_routes.without_pictures(inspection)


def _queue(upload: Upload, blob: Blob, inspection: Inspection, services: Services) -> DocumentStatus:
    sizes = parts.part_sizes(inspection.pages, services.settings)
    runs = parts.cut(inspection.pages, inspection.routes.pages, inspection.routes.route, sizes)
    begun = services.statuses.begin(
        upload.of_type(inspection.media_type),
        routing=_shown(inspection.routes),
        total_pages=inspection.pages,
        parts=len(runs),
    )
    if begun.started:
        consumption.count(Quantity.S3_BYTES, blob.size)  # each version of a file is kept
    # A repeated event finds the version begun; only while it is still validating may its jobs be missing.
    if begun.status.status != Status.VALIDATING or begun.status.version != upload.version:
        return begun.status
    first = _first_job(begun.status, blob, inspection, runs[0], len(runs))
    plan = services.parts.keep(plan_of(first, runs, services.settings.parts_in_flight))
    if len(plan.parts) != len(begun.status.part_permille):  # another delivery looked at other pages and cut otherwise
        return _queue(replace(upload, repeats=begun.status.generation), blob, inspection, services)
    services.queues.send(plan.opening())
    return services.statuses.queued(begun.status)


def _shown(routes: RouteSummary) -> dict[str, object]:
    """The routing for the document's record, which has no room for every page of a long document."""
    return replace(routes, pages=routes.pages[:MAX_SHOWN_ROUTES]).as_dict()


def _first_job(status: DocumentStatus, blob: Blob, inspection: Inspection, part: Part, parts: int) -> Job:
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
        part=0,
        parts=parts,
        first_page=part.first_page,
        last_page=part.last_page,
        total_pages=inspection.pages,
        route=part.route,
        page_routes=part.page_routes,
    )
