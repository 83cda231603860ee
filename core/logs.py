"""Structured logs: one JSON object a line, with the fields that the documented log queries look for.

Fields used throughout: ``status``, ``stage``, ``pipeline_type``, ``duration_ms``, ``statusId``, ``documentId``.
Never log a document's text, a token, a secret or a query.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from core.cost import consumption
from core.cost.costs import Quantity
from core.errors import RagError
from core.settings import settings

LINE_BYTES = 26  #: that CloudWatch bills for each line beside its text


def _to_json(fields: Any) -> str:
    """In ASCII: a file's name may hold what ends a line for some reader, moves a terminal's cursor, or has no code."""
    line = json.dumps(fields, default=str, separators=(",", ":"))
    consumption.count(Quantity.LOG_BYTES, len(line) + LINE_BYTES)
    return line


class _Destination:
    """Where lines go: stdout, which Lambda collects, as long as no program wants it for its answers."""

    name = "stdout"

    def write(self, text: str) -> None:
        getattr(sys, self.name).write(text)

    def flush(self) -> None:
        getattr(sys, self.name).flush()


_destination = _Destination()


@contextmanager
def on_stderr() -> Iterator[None]:
    """Within the block the lines of this process go to stderr: for programs whose stdout is their answer."""
    before, _destination.name = _destination.name, "stderr"
    try:
        yield
    finally:
        _destination.name = before


@cache
def _logger() -> Logger:
    handler = logging.StreamHandler(_destination)
    return Logger(
        service="amplify-rag-async",
        level=settings().log_level,
        location=None,
        utc=True,
        json_serializer=_to_json,
        logger_handler=handler,
    )


def info(message: str, **fields: Any) -> None:
    """Log what happened, with its fields."""
    _logger().info(message, extra=fields)


def warning(message: str, **fields: Any) -> None:
    """Log what went wrong without stopping the work."""
    _logger().warning(message, extra=fields)


def error(message: str, **fields: Any) -> None:
    """Log what stopped the work; within an ``except`` block with what was raised and where."""
    raised = sys.exception()
    _logger().error(message, extra=fields | (_describe(raised) if raised else {}))


def _describe(raised: BaseException) -> dict[str, Any]:
    """An exception without its message, unless it is one of ours: drivers and parsers quote documents and queries."""
    known: dict[str, Any] = {
        "error_type": type(raised).__name__,
        "frames": [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(raised.__traceback__)
        ],
    }
    if isinstance(raised, RagError):
        known["reason"] = str(raised)
    if sqlstate := getattr(raised, "pgcode", None):
        known["sqlstate"] = sqlstate
    if isinstance(answer := getattr(raised, "response", None), dict):  # of an AWS service
        known["aws_error"] = answer.get("Error", {}).get("Code")
    if raised.__cause__:
        known["cause"] = _describe(raised.__cause__)
    return known


@contextmanager
def timed(message: str, **fields: Any) -> Iterator[dict[str, Any]]:
    """Log ``message`` with its ``duration_ms`` when the block ends well; the block may add fields."""
    added: dict[str, Any] = {}
    started = time.perf_counter()
    yield added
    info(message, duration_ms=round((time.perf_counter() - started) * 1000), **fields, **added)
