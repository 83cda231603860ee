"""Usage: how much of the service an owner may take in a day, and what is said when it is used up. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from core.errors import QuotaError
from core.settings import Settings

DAY_KEPT = timedelta(days=8)  #: a day's usage from its beginning on, for questions about the week
RUNNING_SECONDS = 60  #: when to look again whether a document is finished: about what one takes


@dataclass(frozen=True, kw_only=True)
class Used:
    """What an owner has taken of a day."""

    bytes: int = 0
    pages: int = 0


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """What an owner may take; 0: as much as wanted."""

    running: int
    bytes_a_day: int
    pages_a_day: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The quotas that are set."""
        return cls(
            running=settings.max_running_documents,
            bytes_a_day=settings.max_bytes_a_day,
            pages_a_day=settings.max_pages_a_day,
        )

    @property
    def are_daily(self) -> bool:
        """Whether anything of a day is limited."""
        return self.bytes_a_day > 0 or self.pages_a_day > 0

    def too_many_running(self, running: int) -> QuotaError | None:
        """The refusal of one more document, if so many are running; None when there is room."""
        if not 0 < self.running <= running:
            return None
        message = (
            f"{running:,} of your documents are being processed, and {self.running:,} may be at a time; "
            "there is room when one of them is done."
        )
        return QuotaError(message, RUNNING_SECONDS)

    def too_much(self, used: Used, size: int, pages: int, now: datetime) -> QuotaError | None:
        """The refusal of a version of so many bytes and pages, if they are more than is left of the day."""
        if 0 < self.bytes_a_day < used.bytes + size:
            return _refusal(_amount(self.bytes_a_day), _amount(used.bytes), size > self.bytes_a_day, now)
        if 0 < self.pages_a_day < used.pages + pages:
            return _refusal(f"{self.pages_a_day:,} pages", f"{used.pages:,}", pages > self.pages_a_day, now)
        return None


def day(now: datetime) -> str:
    """The period that a moment's day is."""
    return f"day#{now:%Y-%m-%d}"


def minute(now: datetime, what: str) -> str:
    """The period in which requests of a kind are counted."""
    return f"minute#{now:%Y-%m-%dT%H:%M}#{what}"


def day_expiry(now: datetime) -> int:
    """When the record of a moment's day may go."""
    return int((_midnight(now) + DAY_KEPT).timestamp())


def _refusal(limit: str, used: str, is_hopeless: bool, now: datetime) -> QuotaError:
    tomorrow = _midnight(now) + timedelta(days=1)
    until = f"the count begins anew at {tomorrow:%Y-%m-%d %H:%M} UTC"
    if is_hopeless:
        message = f"This document alone is more than the {limit} that are taken in from you on one day."
    else:
        message = f"This document is more than is left of your {limit} a day: {used} are used; {until}."
    return QuotaError(message, int((tomorrow - now).total_seconds()) + 1)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _amount(size: int) -> str:
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB")):
        if size >= unit:
            return f"{size / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{size:,} bytes"
