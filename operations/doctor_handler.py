"""Lambda: one slice of a check of all stores, for operators' routes and for a call by hand."""

from typing import Any

from core import logs
from core.cursors import CursorError
from operations import doctor_services
from operations.doctor import check

SECONDS = 8.0  #: the route waits for 25, and a page that was begun is ended
LONGEST_SECONDS = 600.0


def doctor(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler for ``{"repair": true, "cursor": …, "seconds": …}``; answers with a report.

    For a cursor that was not given out it answers ``{"error": "invalid_cursor"}``.
    """
    seconds = min(float(event.get("seconds") or SECONDS), LONGEST_SECONDS)
    try:
        return check(doctor_services.services(), event.get("repair") is True, event.get("cursor"), seconds).as_dict()
    except CursorError:
        logs.warning("Cursor refused")
        return {"error": "invalid_cursor"}
