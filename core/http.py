"""API Gateway HTTP API (payload version 2): the parts of a request and the shape of an answer."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from core import principals
from core.errors import RagError


class HttpError(RagError):
    """A request that is answered with an error; the caller sees status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def caller(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The principals of the token that API Gateway verified; the caller's own first."""
    return principals.from_claims(event["requestContext"]["authorizer"]["jwt"]["claims"])


def body(event: Mapping[str, Any]) -> bytes:
    """The request's body."""
    text = event.get("body") or ""
    return base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()


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
    headers = {"retry-after": "5"} if error.status in {429, 503} else {}
    return answer(error.status, {"error": error.message, "code": error.code, "requestId": request_id, **more}, headers)
