"""API Gateway HTTP API (payload version 2): the parts of a request and the shape of an answer."""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from core import principals
from core.errors import QuotaError, RagError, RateLimitError

RETRY_SECONDS = 5  #: when to try again, where nothing better is known
MAX_BODY = 256 * 1024  #: characters; thousands of document ids, and no more work than a request is worth


class HttpError(RagError):
    """A request that is answered with an error; the caller sees status, code and message."""

    def __init__(self, status: int, code: str, message: str, retry_after: int = RETRY_SECONDS) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after  #: seconds, told where the same request may succeed later
        self.code = code
        self.message = message


def over_limit(error: QuotaError | RateLimitError) -> HttpError:
    """The answer to whoever is over a limit, and when it may be worth to ask again."""
    return HttpError(HTTPStatus.TOO_MANY_REQUESTS, error.code, error.message, error.retry_after)


def caller(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The principals of the token that API Gateway verified, the caller's own first; raises HttpError without one."""
    try:
        return principals.from_claims(event["requestContext"]["authorizer"]["jwt"]["claims"])
    except (KeyError, TypeError) as error:
        raise HttpError(HTTPStatus.UNAUTHORIZED, "unauthorized", "A valid token is needed.") from error


def body(event: Mapping[str, Any]) -> bytes:
    """The request's body; raises HttpError when it is damaged, or longer than anything that can be asked for."""
    text = event.get("body") or ""
    if len(text) > MAX_BODY:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The body is too large.")
    try:
        return base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError as error:
        raise HttpError(HTTPStatus.BAD_REQUEST, "bad_request", "The body is damaged.") from error


def answer(status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON answer."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store", **(headers or {})},
        "body": json.dumps(content, ensure_ascii=False),
    }


def refusal(event: Mapping[str, Any], error: HttpError, **more: str) -> dict[str, Any]:
    """The answer to a request that failed: ``{error, code, requestId}``."""
    request_id = event.get("requestContext", {}).get("requestId", "")
    headers = {"retry-after": str(error.retry_after)} if error.status in {429, 503} else {}
    return answer(error.status, {"error": error.message, "code": error.code, "requestId": request_id, **more}, headers)
