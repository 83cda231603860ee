"""``POST /v2/uploads`` for who has used up a limit or asks too often."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from core.settings import Settings
from tests.api.conftest import Caller, Reply, services_with
from tests.core.statuses import upload
from tests.emulators import TestEmulator
from tests.services import no_database

Limited = Callable[..., Caller]


@pytest.fixture
def limited(emulator: TestEmulator) -> Limited:
    """Makes callers, each under some limits of their own."""
    return lambda **limits: Caller(
        services_with(Settings(**emulator.settings, **limits), emulator, no_database), ("law",)
    )


def announce(caller: Caller, size: int = 100, **fields: Any) -> Reply:
    return caller.call("POST", "/v2/uploads", {"fileName": f"{uuid4().hex}.txt", "size": size} | fields)


def take_in(caller: Caller, owner: str, size: int) -> None:
    """What the entry does when a file has come."""
    caller.services.statuses.begin(upload(f"{owner}/{uuid4().hex}", owner=owner, size=size), total_pages=1)


def test_what_is_left_of_the_day_may_be_announced_and_no_more(limited: Limited) -> None:
    caller = limited(max_bytes_a_day=1000)
    take_in(caller, caller.principal, 400)
    for _ in range(2):  # announcing takes nothing yet
        assert announce(caller, 600).status == 201
    refused = announce(caller, 601)
    assert (refused.status, refused.body["code"]) == (429, "quota_exceeded")
    assert set(refused.body) == {"error", "code", "requestId"}
    assert "1,000 bytes a day: 400 bytes are used" in refused.body["error"]
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert len(caller.call("GET", "/v2/documents").body["documents"]) == 3  # nothing is left of the refused one


def test_a_day_without_pages_left_is_told_when_the_pages_are_known(limited: Limited) -> None:
    caller = limited(max_pages_a_day=1)
    take_in(caller, caller.principal, 1)
    assert announce(caller).status == 201  # how many pages a file has is not known before it has come


def test_running_documents(limited: Limited) -> None:
    caller = limited(max_running_documents=1)
    assert announce(caller).status == 201
    take_in(caller, caller.principal, 1)
    refused = announce(caller)
    assert (refused.status, refused.body["code"]) == (429, "quota_exceeded")
    assert int(refused.headers["retry-after"]) == 60


def test_the_limit_is_that_of_the_owner_of_the_document(limited: Limited) -> None:
    caller, group = limited(max_bytes_a_day=1000), f"group:{uuid4().hex}"
    member = Caller(caller.services, (group.removeprefix("group:"),))
    take_in(caller, group, 1000)
    assert announce(member).status == 201
    assert announce(member, owner=group).status == 429


def test_too_many_requests_in_a_minute(limited: Limited, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = limited(uploads_a_minute=2)
    monkeypatch.setattr("core.usage.minute", lambda now, what: f"minute#one#{what}")  # none ends meanwhile
    assert [announce(caller).status for _ in range(3)] == [201, 201, 429]
    refused = announce(caller)
    assert refused.body["code"] == "rate_limited"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert caller.call("GET", "/v2/documents").status == 200
    assert announce(Caller(caller.services)).status == 201
