"""Requests a minute, counted in DynamoDB."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ConnectTimeoutError

from core.errors import RateLimitError, SettingsError
from core.settings import Settings
from core.usage import minute
from core.usage_rates import RateLimits
from tests.emulators import TestEmulator

NOW = datetime(2026, 11, 21, 12, 0, 48, tzinfo=UTC)


@pytest.fixture
def client(emulator: TestEmulator) -> Any:
    return emulator.emulator.client("dynamodb")


@pytest.fixture
def limits(emulator: TestEmulator, client: Any) -> RateLimits:
    return RateLimits(client, Settings(**emulator.settings, queries_a_minute=3, uploads_a_minute=1))


@pytest.fixture
def caller() -> str:
    return f"user:{uuid4().hex}"


def test_so_many_are_let_through_in_a_minute(limits: RateLimits, caller: str) -> None:
    for _ in range(3):
        limits.count(caller, "queries", NOW)
    with pytest.raises(RateLimitError, match="3 queries a minute") as raised:
        limits.count(caller, "queries", NOW)
    assert (raised.value.code, raised.value.retry_after) == ("rate_limited", 12)
    limits.count(caller, "uploads", NOW)  # counted apart
    limits.count(f"{caller}2", "queries", NOW)
    limits.count(caller, "queries", NOW + timedelta(seconds=raised.value.retry_after))


def test_many_at_once_are_not_too_many(limits: RateLimits, caller: str) -> None:
    def ask(_: int) -> bool:
        try:
            limits.count(caller, "queries", NOW)
        except RateLimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as callers:
        assert sum(callers.map(ask, range(24))) == 3


def test_a_count_does_not_stay(limits: RateLimits, caller: str, client: Any) -> None:
    now = datetime.now(UTC)
    limits.count(caller, "queries", now)
    key = {"principal": {"S": caller}, "period": {"S": minute(now, "queries")}}
    item = client.get_item(TableName="UsageTable", Key=key)["Item"]
    assert float(item["ttl"]["N"]) == pytest.approx(time.time() + 3600, abs=60)


def test_zero_is_no_limit_and_needs_no_table(client: Any, caller: str) -> None:
    RateLimits(client, Settings(queries_a_minute=0)).count(caller, "queries")
    with pytest.raises(SettingsError, match="USAGE_TABLE"):
        RateLimits(client, Settings()).count(caller, "queries")


def test_who_cannot_be_counted_is_let_through(
    emulator: TestEmulator, caller: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Unreachable:
        def update_item(self, **_: Any) -> Any:
            raise ConnectTimeoutError(endpoint_url="http://dynamodb")

    limits = RateLimits(Unreachable(), Settings(**emulator.settings, queries_a_minute=1))  # type: ignore[arg-type]
    for _ in range(3):
        limits.count(caller, "queries")
    assert caplog.text.count("Request not counted") == 3
