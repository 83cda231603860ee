"""Lambda: uploads in, routed jobs out.

Takes S3 notifications from the document index queue, and ``POST /v2/process-document`` from the HTTP API.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from core import aws, entry, events, file_names, http, intake, logs
from core.errors import DocumentError, QuotaError, RateLimitError


def async_document_processor(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler; answers with the messages that failed, or with the HTTP response."""
    if "Records" in event:
        services = aws.services()
        return events.each_message(event, partial(intake.run, services=services), services.queues.postpone)
    try:
        return _process(event)
    except http.HttpError as error:
        return http.refusal(event, error)
    except Exception:  # noqa: BLE001  the HTTP edge: the caller must not see what happened inside
        logs.error("Request failed")
        return http.refusal(event, http.HttpError(503, "unavailable", "The service is unavailable; try again."))


def _process(event: Mapping[str, Any]) -> dict[str, Any]:
    callers = http.caller(event)
    try:
        aws.rate_limits().count(callers[0], "uploads")
    except RateLimitError as error:
        raise http.over_limit(error) from error
    wanted = _request(http.body(event))
    try:
        status = entry.accept(
            entry.Request(
                bucket=wanted.bucket,
                key=wanted.key,
                callers=callers,
                file_name=file_names.plain(named) if (named := wanted.metadata.fileName) else "",
                force=wanted.force,
                route=wanted.route,
            ),
            aws.services(),
        )
    except DocumentError as error:
        refused = http.HttpError(422, error.code, error.message)
        shown = http.over_limit(error) if isinstance(error, QuotaError) else refused
        return http.refusal(event, shown, statusId=f"{wanted.bucket}#{wanted.key}")
    except entry.NotFoundError as error:
        raise http.HttpError(404, "not_found", "There is no such object among yours.") from error
    except entry.BucketNotAllowedError as error:
        raise http.HttpError(403, "bucket_not_allowed", "Documents in this bucket are not processed.") from error
    except entry.NotWantedError as error:
        raise http.HttpError(409, "rag_disabled", "The object's metadata says rag_enabled=false.") from error
    return http.answer(202, _response(status))


def _request(body: bytes) -> Any:
    from pydantic import ValidationError  # noqa: PLC0415  uploads through S3 start without it

    from core.requests import ProcessRequest  # noqa: PLC0415

    try:
        return ProcessRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise http.HttpError(400, "bad_request", f"{where}: {first['msg']}") from error


def _response(status: Any) -> dict[str, str]:
    return {
        "statusId": status.status_id,
        "documentId": status.document_id,
        "status": str(status.status),
        "message": str(status.metadata.get("message", "")),
    }
