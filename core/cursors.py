"""Cursors: a place in a listing as an opaque text, which may stand in a URL and comes back from a client."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from core.errors import RagError


class CursorError(RagError):
    """The cursor is not one that was given out."""

    def __init__(self, message: str = "the cursor is damaged") -> None:
        super().__init__(message)


def encode(values: Sequence[Any]) -> str:
    """The values, which JSON can hold, as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def decode(cursor: str) -> list[Any]:
    """The values that a cursor stands for; raises CursorError for a text that stands for no list."""
    try:
        values = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        json.dumps(values, ensure_ascii=False).encode()  # lone surrogates are no text for a table
    except (ValueError, RecursionError) as error:
        raise CursorError from error
    if not isinstance(values, list):
        raise CursorError
    return values
