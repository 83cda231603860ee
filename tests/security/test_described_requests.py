"""The HTTP API driven by its own description: what that allows or forbids is answered in a way that it describes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from psycopg2.extensions import connection
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import app
from api.openapi import describe, other_routes
from tests.security.gateway import Gateway
from tests.security.tenants import Tenant, put_document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIPTION = schemathesis.openapi.from_dict(json.loads(json.dumps(describe(app, other_routes()))))  # as it is served
OPERATIONS = [found.ok() for found in DESCRIPTION.get_all_operations() if isinstance(found, Ok)]
TAKES_SOMETHING = [each for each in OPERATIONS if list(each.iter_parameters()) or each.body]

bounded = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def send(gateway: Gateway, new_tenant: Callable[..., Tenant], tried: Callable[[str], None]) -> Callable[[Any], None]:
    """Sends a request and checks its answer."""
    headers = {"authorization": f"Bearer {new_tenant('readers').token}"}

    def call(case: Any) -> None:
        case.call_and_validate(base_url=gateway.url, headers=headers, checks=CHECKS)
        tried("requests from the API's description")

    return call


def drive(operation: Any, mode: GenerationMode, send: Callable[[Any], None]) -> None:
    """Send what can be generated for the operation."""

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        send(case)

    answered()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_what_is_described_is_answered_as_described(operation: Any, send: Callable[[Any], None]) -> None:
    drive(operation, GenerationMode.POSITIVE, send)


@pytest.mark.parametrize("operation", TAKES_SOMETHING, ids=lambda operation: operation.label)
def test_what_is_not_is_refused_as_described(operation: Any, send: Callable[[Any], None]) -> None:
    drive(operation, GenerationMode.NEGATIVE, send)


def test_documents_that_exist_are_answered_as_described(
    gateway: Gateway, new_tenant: Callable[..., Tenant], opened: connection
) -> None:
    """The same for a document of the caller's, which generated names never hit."""
    caller = new_tenant()
    document = put_document(opened, caller.principal, "dues.pdf", "Harbour dues are waived for the wooden ferry.")
    headers = {"authorization": f"Bearer {caller.token}"}
    for path in ("", "/status", "/events", "/pages", "/pages/{page}/image"):
        operation = DESCRIPTION[f"/v2/documents/{{documentId}}{path}"]["GET"]
        for page in (1, 2):
            case = operation.Case(path_parameters={"documentId": document.document_id, "page": page})
            case.call_and_validate(base_url=gateway.url, headers=headers, checks=CHECKS)
