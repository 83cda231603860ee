"""Doctor: every store is held against the others, what contradicts is named, and mended where that is safe.

A check goes on from slice to slice by a cursor, so that no call is longer than its caller waits.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core import cursors, logs
from core.cursors import CursorError
from core.errors import TransientError
from operations.doctor_services import DoctorServices
from operations.drift import Finding
from operations.inventory import Place
from operations.repairs import REPAIRS, repair
from operations.surveys import SURVEYS

ORDER = tuple(SURVEYS)


@dataclass
class Report:
    """What a slice of a check found, and where the next one begins (None: the check is through)."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    cursor: str | None = None
    examined: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {"findings": self.findings, "cursor": self.cursor, "examined": self.examined}


def check(services: DoctorServices, repairing: bool = False, cursor: str | None = None, seconds: float = 15) -> Report:
    """Check the stores from where the cursor stands, at least a page and then for so many seconds.

    What changed within ``doctor_grace_seconds`` is left alone, as it may be work in progress. With ``repairing`` each
    finding is mended at once, as far as that is safe; what a repair did shows in the next check. Raises CursorError for
    a cursor that this function did not give out.
    """
    survey, place = _decode(cursor)
    ends_at = time.monotonic() + seconds
    before = datetime.now(UTC) - timedelta(seconds=services.settings.doctor_grace_seconds)
    report = Report()
    while survey is not None:
        page = SURVEYS[survey](services, place, before)
        report.examined += page.examined
        report.findings += _told(page.findings, services, repairing)
        place = page.following
        survey = survey if place is not None else _after(survey)
        if survey is not None and time.monotonic() > ends_at:
            report.cursor = _encode(survey, place)
            break
    mended = sum(finding["repaired"] for finding in report.findings)
    logs.info("Stores checked", examined=report.examined, findings=len(report.findings), repaired=mended)
    return report


def _told(findings: list[Finding], services: DoctorServices, repairing: bool) -> Iterator[dict[str, Any]]:
    for finding in findings:
        repaired = repairing and _repair(finding, services)
        yield {
            "code": str(finding.code),
            "store": finding.code.store,
            "documentId": finding.document_id or None,
            "found": finding.found,
            "repair": finding.code.repair if finding.code in REPAIRS else None,
            "repaired": repaired,
        }


def _repair(finding: Finding, services: DoctorServices) -> bool:
    try:
        done = repair(finding, services)
    except TransientError:  # the next check finds it again
        logs.error("Finding not repaired", code=finding.code, documentId=finding.document_id)
        return False
    logs.warning("Finding repaired" if done else "Finding left", code=finding.code, documentId=finding.document_id)
    return done


def _after(survey: str) -> str | None:
    following = ORDER.index(survey) + 1
    return ORDER[following] if following < len(ORDER) else None


def _encode(survey: str, place: Place) -> str:
    return cursors.encode([survey, place])


def _decode(cursor: str | None) -> tuple[str | None, Place]:
    if cursor is None:
        return ORDER[0], None
    match cursors.decode(cursor):
        case [survey, dict() | None as place] if survey in ORDER:
            return survey, place
    raise CursorError
