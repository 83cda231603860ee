"""Uploads: a file is announced, and the answer says where to post it and what to subscribe to."""

import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePosixPath

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import call
from api.problems import too_large
from api.upload_forms import UploadForm
from api.upload_keys import object_key
from api.upload_models import PresignedPost, UploadRequest, UploadResponse
from core import logs, principals
from core.http import HttpError
from core.settings import Settings
from core.status import DocumentStatus

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

UNKNOWN_TYPE = "application/octet-stream"


@router.post(
    "/v2/uploads",
    status_code=HTTPStatus.CREATED,
    tags=["uploads"],
    summary="Announce an upload",
    operation_id="announceUpload",
)
def announce_upload(upload: UploadRequest) -> UploadResponse:
    """Reserve a document for a file and get the form to post it with.

    The returned ids can be subscribed to at once; processing starts by itself when the file has arrived.
    Posting a file under a name that is already there makes a new version of that document, unless the bytes are the
    same. With `sha256` that is known in whatever way they came before, and the store refuses other bytes.
    """
    caller = call.current(router)
    services, limits = caller.services, caller.services.settings
    services.rates.count(caller.principals[0], "uploads")
    if upload.size > limits.max_upload_bytes:
        raise too_large(limits.max_upload_bytes)
    owner = _owner(caller.principals, upload.owner)
    services.statuses.quotas.check(owner, upload.size, datetime.now(UTC))
    key = object_key(owner, upload.file_name)
    content_type = upload.content_type or mimetypes.guess_type(key)[0] or UNKNOWN_TYPE
    status = services.statuses.expect(
        bucket=_upload_bucket(limits),
        key=key,
        owner=owner,
        file_name=PurePosixPath(key).name,
        media_type=content_type,
        size=upload.size,
    )
    logs.info("Upload announced", statusId=status.status_id, documentId=status.document_id, bytes=upload.size)
    form = services.forms.sign(
        bucket=status.bucket,
        key=key,
        content_type=content_type,
        max_bytes=upload.size,
        seconds=limits.upload_url_seconds,
        route=upload.route or "",
        owner=owner if _is_declared(owner) else "",
        sha256=upload.sha256 or "",
    )
    return _response(status, form, upload.size, limits)


def _response(status: DocumentStatus, form: UploadForm, max_bytes: int, limits: Settings) -> UploadResponse:
    return UploadResponse(
        status_id=status.status_id,
        document_id=status.document_id,
        bucket=status.bucket,
        key=status.key,
        upload=PresignedPost(url=form.url, fields=form.fields),
        expires_in_seconds=limits.upload_url_seconds,
        max_bytes=max_bytes,
    )


def _owner(callers: Sequence[str], wanted: str | None) -> str:
    """Who shall own the upload; raises HttpError for anybody whom the caller is not, or is not a member of."""
    if wanted is None:
        return callers[0]
    if wanted not in callers:
        raise HttpError(HTTPStatus.FORBIDDEN, "not_your_group", "owner must be a group that you are a member of.")
    return wanted


def _is_declared(owner: str) -> bool:
    """Whether metadata repeats the owner whom the key names: a group, in characters that a header can carry."""
    return owner.startswith(principals.GROUP) and owner.isascii()


def _upload_bucket(settings: Settings) -> str:
    """The first of the buckets whose objects are processed."""
    return settings.need("upload_buckets").split(",")[0].strip()
