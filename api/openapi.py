"""OpenAPI 3.1 for all HTTP routes: this function's own from its code, the other functions' from their models."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.models import ErrorResponse, GatewayError

TITLE = "Amplify RAG Async"
VERSION = "2.0.0"
ABOUT = """Documents in, live progress out, pages found.

Upload a file, watch it being processed over the WebSocket or by polling, then query it. Every answer is scoped to the
principals of the token: the user itself and its groups. Operators' routes have a description of their own, at
`/v2/operations/openapi.json`."""

JSON = "application/json"
REFERENCE = "#/components/schemas/{model}"
OPERATIONS = "/v2/operations/"  #: routes for operators alone
PUBLIC_PATHS = frozenset({"/v2/openapi.json", f"{OPERATIONS}openapi.json"})
ANYWHERE = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR)
#: Statuses that the gateway answers by itself, in its own shape
BY_GATEWAY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})

ERRORS = {
    HTTPStatus.BAD_REQUEST: "The request is malformed; the message names the field.",
    HTTPStatus.UNAUTHORIZED: "The token is missing, expired or not meant for this API.",
    HTTPStatus.FORBIDDEN: "The token does not allow this.",
    HTTPStatus.NOT_FOUND: "There is no such document among the caller's, no image of this page, no such dead letter.",
    HTTPStatus.CONFLICT: "The document's state does not allow this.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The file is larger than the limit.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The document cannot be processed as it is; `code` says why.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests (`rate_limited`), or a limit is used up (`quota_exceeded`).",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Something is busy just now; `Retry-After` says when to try again.",
}
#: What a route may answer besides the errors that follow from its shape
MORE_ERRORS = {
    ("post", "/v2/uploads"): (
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    ("post", "/v2/documents/{documentId}/cancel"): (HTTPStatus.CONFLICT,),
    ("post", "/v2/documents/{documentId}/retry"): (HTTPStatus.CONFLICT,),
    ("get", f"{OPERATIONS}dead-letters/{{id}}"): (HTTPStatus.NOT_FOUND,),
    ("post", "/v2/process-document"): (
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route that another function answers."""

    path: str
    operation_id: str
    tag: str
    summary: str
    response: type[BaseModel]
    request: type[BaseModel] | None = None  #: what it takes as its body, when it is a POST
    status: HTTPStatus = HTTPStatus.OK

    @property
    def method(self) -> str:
        return "post" if self.request else "get"


def describe(
    app: APIGatewayHttpResolver, others: Sequence[Route], *, title: str = TITLE, about: str = ABOUT
) -> dict[str, Any]:
    """The application's routes, and others beside them, as an OpenAPI document."""
    generated = json.loads(app.get_openapi_json_schema(title=title, version=VERSION))
    paths = {**generated["paths"], **{route.path: {route.method: _operation(route)} for route in others}}
    for path, method, operation in _operations(paths):
        _complete(path, method, operation)
    schemas = {**generated["components"]["schemas"], **_schemas(others)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": about},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas) if not name.endswith("ValidationError")},
            "responses": {status.name: _error_response(status) for status in ERRORS},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def other_routes() -> Sequence[Route]:
    """The routes whose handlers are functions of their own."""
    from api.rollout_models import RolloutResponse  # noqa: PLC0415
    from core.requests import ProcessRequest, ProcessResponse  # noqa: PLC0415  only the description needs them
    from search.models import QueryRequest, QueryResponse  # noqa: PLC0415

    return (
        Route(
            path="/v2/process-document",
            operation_id="processDocument",
            tag="documents",
            summary="Process an object that is already in a bucket",
            request=ProcessRequest,
            response=ProcessResponse,
            status=HTTPStatus.ACCEPTED,
        ),
        Route(
            path="/v2/query",
            operation_id="query",
            tag="search",
            summary="Find the pages that answer a query",
            request=QueryRequest,
            response=QueryResponse,
        ),
        Route(
            path="/v2/rollout",
            operation_id="getRollout",
            tag="rollout",
            summary="Which system the caller's documents go to while an older one runs beside this one",
            response=RolloutResponse,
        ),
    )


def _operation(route: Route) -> dict[str, Any]:
    answer = {"description": route.status.phrase, "content": _content(route.response)}
    body = {"requestBody": {"required": True, "content": _content(route.request)}} if route.request else {}
    return {
        "summary": route.summary,
        "description": (route.request or route.response).__doc__,
        "operationId": route.operation_id,
        "tags": [route.tag],
        **body,
        "responses": {str(int(route.status)): answer},
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say how the operation fails, as the framework's own idea of that (422) is not what is answered."""
    operation["responses"].pop(str(int(HTTPStatus.UNPROCESSABLE_ENTITY)), None)
    if path in PUBLIC_PATHS:
        operation["security"] = []
        operation["responses"][str(int(HTTPStatus.OK))]["content"] = {JSON: {"schema": {"type": "object"}}}
        return
    operation["responses"].update(_references(_errors(path, method, operation)))


def _errors(path: str, method: str, operation: dict[str, Any]) -> Iterator[HTTPStatus]:
    yield from ANYWHERE
    yield HTTPStatus.SERVICE_UNAVAILABLE
    if "requestBody" in operation or operation.get("parameters"):
        yield HTTPStatus.BAD_REQUEST
    if "{documentId}" in path:
        yield HTTPStatus.NOT_FOUND
    if path.startswith(OPERATIONS):
        yield HTTPStatus.FORBIDDEN
    if "requestBody" in operation and path.startswith(OPERATIONS):
        yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    yield from MORE_ERRORS.get((method, path), ())


def _references(statuses: Iterator[HTTPStatus]) -> dict[str, Any]:
    return {str(int(status)): {"$ref": f"#/components/responses/{status.name}"} for status in sorted(statuses)}


def _error_response(status: HTTPStatus) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": ERRORS[status],
        "content": _content(GatewayError if status in BY_GATEWAY else ErrorResponse),
    }
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
    return response


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}


def _schemas(others: Sequence[Route]) -> dict[str, Any]:
    models = [(ErrorResponse, "serialization"), (GatewayError, "serialization")]
    models += [(route.request, "validation") for route in others if route.request]
    models += [(route.response, "serialization") for route in others]
    definitions = models_json_schema(models, ref_template=REFERENCE)[1]["$defs"]  # type: ignore[arg-type]
    return dict(definitions)


def _operations(paths: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            yield path, method, operation
