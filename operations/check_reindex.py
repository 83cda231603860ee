"""Lambda: every night at two, documents are counted that today's settings would make otherwise."""

from functools import cache
from typing import Any

from core import logs
from core.settings import settings
from operations import reindex
from operations.reading import reopening
from operations.stored_state import StoredState, is_document_id


def check_reindex(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of the schedule, and for a call by hand with ``{"after": …}``, the last id of the page before.

    For an ``after`` that is no document's id it answers ``{"error": "invalid_cursor"}``.
    """
    after = event.get("after")
    if after is not None and not (isinstance(after, str) and is_document_id(after)):
        logs.warning("Cursor refused")
        return {"error": "invalid_cursor"}
    return reindex.check(_stored(), settings(), after)


@cache
def _stored() -> StoredState:
    return StoredState(reopening())
