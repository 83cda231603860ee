"""Failures: which error a caller sees for whatever went wrong, and nothing of what happened inside."""

from http import HTTPStatus

import psycopg2
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from botocore.exceptions import BotoCoreError, ClientError

from api import problems
from core.cursors import CursorError
from core.errors import DocumentError, QuotaError, RateLimitError, TransientError
from core.http import HttpError, over_limit
from core.outages import is_passing


def http_error(error: Exception) -> HttpError:
    """The error that the caller is told of."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, RequestValidationError):
        return problems.invalid_fields(error.errors())
    if isinstance(error, NotFoundError):
        return HttpError(HTTPStatus.NOT_FOUND, "route_not_found", "There is no such route.")
    if isinstance(error, CursorError):
        return problems.bad_request("invalid_cursor", "cursor: take it from `nextCursor` of the page before.")
    if isinstance(error, (QuotaError, RateLimitError)):
        return over_limit(error)
    if isinstance(error, DocumentError):
        return HttpError(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.message)
    if is_transient(error):
        return problems.unavailable()
    return HttpError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")


def is_transient(error: Exception) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(error, ClientError):
        return is_passing(error)
    return isinstance(error, (TransientError, BotoCoreError, psycopg2.OperationalError, psycopg2.InterfaceError))
