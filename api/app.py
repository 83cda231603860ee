"""The HTTP application: its routes, how bodies are read, and one way to say that a request failed."""

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from api import description, documents, pages, uploads
from api.failures import http_error
from api.problems import bad_request
from core import http, logs


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a body holds; raises HttpError for anything else."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_request("invalid_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("invalid_json", "The body must be a JSON object.")
    return body


app = APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=read_object)
for router in (uploads.router, documents.router, pages.router, description.router):
    app.include_router(router)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def refuse(error: Exception) -> Response[str]:
    """The answer to a request that failed; only what is our fault is logged as an error."""
    shown = http_error(error)
    if shown.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logs.error("Request failed", code=shown.code, route=app.current_event.get("routeKey"))
    refusal = http.refusal(app.current_event.raw_event, shown)
    return Response(shown.status, body=refusal["body"], headers=refusal["headers"])
