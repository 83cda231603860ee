"""The description of the API: valid, complete, and true to what is answered."""

import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import app
from api.openapi import OPERATIONS, describe, other_routes
from tests.api.conftest import EVENTS, Caller, reply
from tests.api.ingestion import PICTURED, begin, process
from tests.declarations import functions

REFERENCED_ERRORS = {"400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads(json.dumps(describe(app, other_routes()))))  # as it is sent


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): each for path, methods in document["paths"].items() for method, each in methods.items()}


@cache
def deployed_routes() -> dict[tuple[str, str], bool]:
    """The HTTP routes in serverless.yml but operators' own, and whether the gateway asks for a token there."""
    events = [event for function in functions().values() for event in function.get("events", [])]
    routes = [event["httpApi"] for event in events if "httpApi" in event]
    everybodys = [event for event in routes if not event["path"].startswith(OPERATIONS)]
    return {(event["method"], event["path"]): "authorizer" in event for event in everybodys}


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_deployed_route_is_described_and_no_other(document: dict[str, Any]) -> None:
    assert set(operations(document)) == set(deployed_routes())


def test_routes_need_a_token_exactly_where_the_gateway_asks_for_one(document: dict[str, Any]) -> None:
    described = {route: operation.get("security") != [] for route, operation in operations(document).items()}
    assert described == deployed_routes()
    assert document["security"] == [{"bearer": []}]


def test_operations_have_names_for_client_generators(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][A-Za-z]+", name) for name in names)
    assert all(operation["summary"] and operation["tags"] for operation in operations(document).values())


def test_all_errors_have_the_one_shape(document: dict[str, Any]) -> None:
    seen = set()
    for (_, path), operation in operations(document).items():
        errors = {code: response for code, response in operation["responses"].items() if code >= "400"}
        seen |= set(errors)
        assert all(list(response) == ["$ref"] for response in errors.values())
        assert path == "/v2/openapi.json" or {"401", "429", "500", "503"} <= set(errors)
    assert seen == REFERENCED_ERRORS
    shape = document["components"]["schemas"]["ErrorResponse"]
    assert set(shape["required"]) == {"error", "code", "requestId"}


def test_nothing_is_left_over_from_the_framework(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert "ValidationError" not in text
    assert "Powertools" not in text


def test_request_bodies_come_with_examples_that_are_valid(document: dict[str, Any]) -> None:
    checked = 0
    for operation in operations(document).values():
        if "requestBody" in operation:
            schema = resolve(document, operation["requestBody"]["content"]["application/json"]["schema"])
            for example in schema["examples"]:
                validator(document, schema).validate(example)
                checked += 1
    assert checked >= 3


def test_answers_are_as_described(document: dict[str, Any], caller: Caller) -> None:
    status = begin(caller)
    process(caller, status)
    name = f"/v2/documents/{status.document_id}"
    calls: list[tuple[str, str, str, Any]] = [
        ("get", "/v2/documents", "/v2/documents", None),
        ("get", "/v2/documents/{documentId}", name, None),
        ("get", "/v2/documents/{documentId}/status", f"{name}/status", None),
        ("get", "/v2/documents/{documentId}/events", f"{name}/events", None),
        ("get", "/v2/documents/{documentId}/pages", f"{name}/pages", None),
        ("get", "/v2/documents/{documentId}/pages/{page}/image", f"{name}/pages/{PICTURED}/image", None),
        ("get", "/v2/documents/{documentId}/pages/{page}/image", f"{name}/pages/1/image", None),
        ("get", "/v2/documents/{documentId}/pages/{page}/image", f"{name}/pages/0/image", None),
        ("post", "/v2/documents/{documentId}/cancel", f"{name}/cancel", None),
        ("post", "/v2/uploads", "/v2/uploads", {"fileName": "a.pdf", "size": 5}),
        ("post", "/v2/uploads", "/v2/uploads", {"fileName": "a.pdf", "size": 5000}),
        ("post", "/v2/uploads", "/v2/uploads", {}),
        ("delete", "/v2/documents/{documentId}", name, None),
        ("delete", "/v2/documents/{documentId}", name, None),
    ]
    answered = []
    for method, path, actual, body in calls:
        answer = caller.call(method.upper(), actual, body)
        response = resolve(document, document["paths"][path][method]["responses"][str(answer.status)])
        validator(document, response["content"]["application/json"]["schema"]).validate(answer.body)
        answered.append(answer.status)
    assert answered == [200, 200, 200, 200, 200, 200, 404, 400, 409, 201, 413, 400, 200, 404]


def test_it_is_served_without_a_token(document: dict[str, Any], caller: Caller) -> None:
    event = json.loads((EVENTS / "http_openapi.json").read_text())
    answer = reply(event, caller.services)
    assert (answer.status, answer.body) == (200, document)
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what it refers to."""
    while "$ref" in node:
        target: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """OpenAPI 3.1 schemas are JSON Schema 2020-12; references lead into the whole document."""
    return Draft202012Validator({**schema, "components": document["components"]})
