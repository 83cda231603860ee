"""Lambda: the HTTP API's requests in, answers out; all routes but search and ``POST /v2/process-document``."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.app import app
from api.call import CONTEXT_KEY, Call
from api.services import ApiServices, services
from core import http

JSON = "application/json"


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda handler for API Gateway's HTTP API, payload version 2."""
    return answer(event, context, services())


def answer(event: dict[str, Any], context: LambdaContext, services: ApiServices) -> dict[str, Any]:
    """Answer one request with these services."""
    if event.get("body") and not event["headers"].get("content-type", JSON).startswith(JSON):
        error = http.HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", f"Send {JSON}.")
        return http.refusal(event, error)
    app.append_context(**{CONTEXT_KEY: Call(event, services)})  # type: ignore[no-untyped-call]
    return app.resolve(event, context)
