"""The frame of an HTTP application: how bodies are read, and one way to say that a request failed."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.failures import http_error
from api.problems import bad_request
from core import http, logs

JSON = "application/json"


def application(*routers: APIGatewayHttpRouter) -> APIGatewayHttpResolver:
    """An application of these routes; whatever they raise is answered in the one error shape."""
    app = APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=read_object)
    for router in routers:
        app.include_router(router)

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def refuse(error: Exception) -> Response[str]:
        """The answer to a request that failed; only what is our fault is logged as an error."""
        shown = http_error(error)
        if shown.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logs.error("Request failed", code=shown.code, route=app.current_event.get("routeKey"))
        refusal = http.refusal(app.current_event.raw_event, shown)
        return Response(shown.status, body=refusal["body"], headers=refusal["headers"])

    return app


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a body holds; raises HttpError for anything else."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request("invalid_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("invalid_json", "The body must be a JSON object.")
    return body


def require_json(event: Mapping[str, Any]) -> None:
    """Raises HttpError when the request has a body of another type, or one that is no text."""
    if not event.get("body"):
        return
    if not event["headers"].get("content-type", JSON).lower().startswith(JSON):
        raise http.HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", f"Send {JSON}.")
    try:
        http.body(event).decode()
    except UnicodeError as error:
        raise bad_request("invalid_json", "The body is not JSON.") from error
