"""What is said to owners whose limits are used up."""

from datetime import UTC, datetime

import pytest

from core.errors import DocumentError, QuotaError
from core.settings import Settings
from core.usage import Quotas, Used, day, day_expiry, minute

NOON = datetime(2026, 11, 21, 12, 0, 30, 5, tzinfo=UTC)
QUOTAS = Quotas(running=500, bytes_a_day=20_000_000_000, pages_a_day=50_000)


def test_the_settings_say_what_an_owner_may_take() -> None:
    assert Quotas.of(Settings()) == QUOTAS


@pytest.mark.parametrize(
    ("used", "size", "pages"),
    [
        (Used(), 0, 0),
        (Used(), 20_000_000_000, 50_000),
        (Used(bytes=19_999_999_000, pages=49_999), 1000, 1),
    ],
)
def test_what_is_within_the_limits_is_not_refused(used: Used, size: int, pages: int) -> None:
    assert QUOTAS.too_much(used, size, pages, NOON) is None


def test_a_refusal_says_which_limit_how_much_is_used_and_until_when() -> None:
    refusal = QUOTAS.too_much(Used(bytes=19_850_000_000), 200_000_000, 1, NOON)
    assert isinstance(refusal, QuotaError)
    assert isinstance(refusal, DocumentError)
    assert (refusal.code, refusal.retryable) == ("quota_exceeded", True)
    assert refusal.message == (
        "This document is more than is left of your 20 GB a day: 19.9 GB are used; "
        "the count begins anew at 2026-11-22 00:00 UTC."
    )
    assert refusal.retry_after == 12 * 3600 - 30
    of_pages = QUOTAS.too_much(Used(pages=49_990), 1, 11, NOON)
    assert of_pages is not None
    assert "50,000 pages a day: 49,990 are used" in of_pages.message


def test_the_wait_ends_on_the_next_day_and_not_before_it() -> None:
    last = datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    refusal = QUOTAS.too_much(Used(pages=50_000), 1, 1, last)
    assert refusal is not None
    assert refusal.retry_after == 1
    assert "2027-01-01 00:00 UTC" in refusal.message


def test_what_never_fits_is_not_said_to_fit_tomorrow() -> None:
    refusal = QUOTAS.too_much(Used(), 1, 50_001, NOON)
    assert refusal is not None
    assert "alone" in refusal.message
    assert "UTC" not in refusal.message


def test_running_documents() -> None:
    assert QUOTAS.too_many_running(499) is None
    refusal = QUOTAS.too_many_running(500)
    assert refusal is not None
    assert refusal.message.startswith("500 of your documents are being processed, and 500 may be at a time")
    assert 0 < refusal.retry_after < 3600


def test_zero_is_no_limit() -> None:
    free = Quotas(running=0, bytes_a_day=0, pages_a_day=0)
    assert not free.are_daily
    assert free.too_many_running(10**9) is None
    assert free.too_much(Used(bytes=10**15, pages=10**9), 10**15, 10**9, NOON) is None
    only_pages = Quotas(running=0, bytes_a_day=0, pages_a_day=5)
    assert only_pages.are_daily
    assert only_pages.too_much(Used(), 10**15, 5, NOON) is None
    assert only_pages.too_much(Used(), 1, 6, NOON) is not None


def test_periods_are_in_utc_and_kept_for_a_week() -> None:
    assert day(NOON) == "day#2026-11-21"
    assert minute(NOON, "queries") == "minute#2026-11-21T12:00#queries"
    assert day_expiry(NOON) == datetime(2026, 11, 29, tzinfo=UTC).timestamp()
