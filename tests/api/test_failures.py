"""What a caller is told when something goes wrong, and what not."""

from collections.abc import Mapping
from typing import Any

import psycopg2
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from api import problems
from api.failures import http_error
from core.errors import DocumentError, RagError, SettingsError, TransientError

SECRET = "password=hunter2"  # noqa: S105  what no caller may read


def client_error(code: str, status: int) -> ClientError:
    response: Mapping[str, Any] = {
        "Error": {"Code": code, "Message": SECRET},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutItem")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TransientError(SECRET), 503, "unavailable"),
        (psycopg2.OperationalError(SECRET), 503, "unavailable"),  # the server went away, or a statement took too long
        (psycopg2.InterfaceError(SECRET), 503, "unavailable"),  # the connection was closed under us
        (EndpointConnectionError(endpoint_url=SECRET), 503, "unavailable"),
        (client_error("ThrottlingException", 400), 503, "unavailable"),
        (client_error("InternalServerError", 500), 503, "unavailable"),
        (client_error("AccessDeniedException", 400), 500, "internal"),  # our role is wrong: waiting does not help
        (psycopg2.ProgrammingError(SECRET), 500, "internal"),
        (SettingsError(SECRET), 500, "internal"),
        (RagError(SECRET), 500, "internal"),
        (KeyError(SECRET), 500, "internal"),
    ],
)
def test_inner_errors_are_told_apart_but_not_told(error: Exception, status: int, code: str) -> None:
    shown = http_error(error)
    assert (shown.status, shown.code) == (status, code)
    assert SECRET not in shown.message


def test_the_documents_own_fault_is_told() -> None:
    shown = http_error(DocumentError("encrypted", "The file is encrypted."))
    assert (shown.status, shown.code, shown.message) == (422, "encrypted", "The file is encrypted.")


def test_only_the_first_few_fields_are_named_and_briefly() -> None:
    errors = [{"loc": ("body", "x" * 500), "msg": "Extra inputs are not permitted"}] * 100
    shown = problems.invalid_fields(errors)
    assert shown.message.count("Extra inputs") == problems.MOST_NAMED_FIELDS
    assert len(shown.message) < 1000
