"""Structured logs: one JSON object a line, with the fields that the documented log queries look for.

Fields used throughout: ``status``, ``stage``, ``pipeline_type``, ``duration_ms``, ``statusId``, ``documentId``.
Never log a document's text, a token, a secret or a query.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from core.settings import settings


@cache
def _logger() -> Logger:
    return Logger(service="amplify-rag-async", level=settings().log_level, location=None, utc=True)


def info(message: str, **fields: Any) -> None:
    """Log what happened, with its fields."""
    _logger().info(message, extra=fields)


def warning(message: str, **fields: Any) -> None:
    """Log what went wrong without stopping the work."""
    _logger().warning(message, extra=fields)


def error(message: str, **fields: Any) -> None:
    """Log what stopped the work; within an ``except`` block the traceback is added."""
    _logger().exception(message, extra=fields)


@contextmanager
def timed(message: str, **fields: Any) -> Iterator[dict[str, Any]]:
    """Log ``message`` with its ``duration_ms`` when the block ends well; the block may add fields."""
    added: dict[str, Any] = {}
    started = time.perf_counter()
    yield added
    info(message, duration_ms=round((time.perf_counter() - started) * 1000), **fields, **added)
