"""Status details: what the metadata of a final state says. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.jobs import Gap
from core.status import Status

SHOWN_GAPS = 100  #: so that a message fits a WebSocket frame; the database keeps them all
LONGEST_REASON, LONGEST_ERROR = 200, 1000


def failure(code: str, message: str, stage: Status, retryable: bool) -> dict[str, Any]:
    """Why a version failed: one shape wherever it happens."""
    return {"error": message[:LONGEST_ERROR], "code": code, "stage": str(stage), "retryable": retryable}


def completion(details: Mapping[str, Any], began_at: str, ended_at: str) -> dict[str, Any]:
    """What a completed version amounts to: ``details``, its first gaps and their number, and how long it took."""
    gaps: Sequence[Gap | Mapping[str, Any]] = details.get("gaps", ())
    shown = [_gap(each) for each in gaps[:SHOWN_GAPS]]
    elapsed = (datetime.fromisoformat(ended_at) - datetime.fromisoformat(began_at)) // timedelta(milliseconds=1)
    return {"durationMs": max(elapsed, 0), **details, "gaps": shown, "gapCount": len(gaps)}


def _gap(gap: Gap | Mapping[str, Any]) -> dict[str, Any]:
    page, reason = (gap.page, gap.reason) if isinstance(gap, Gap) else (gap["page"], gap["reason"])
    return {"page": page, "reason": reason[:LONGEST_REASON]}
