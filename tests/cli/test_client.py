import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cli.client import Client, wait_seconds
from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError, RefusedError, ServiceError, UnreachableError
from cli.session import Session, Tokens, save
from tests.cli.service import TOKEN, Service

Result = TypeVar("Result")
Call = Callable[[Callable[[Client], Awaitable[Result]]], Result]


@pytest.fixture
def waits() -> list[float]:
    """How long the client slept."""
    return []


@pytest.fixture
def call(endpoints: Endpoints, tmp_path: Path, waits: list[float]) -> Iterator[Call[object]]:
    """Does something with a client that does not really sleep."""
    file = tmp_path / "sessions.json"
    save(endpoints, Session("me", TOKEN, "refresh", time.time() + 3600), file)

    def refresh(where: Endpoints, old: Session) -> Session:
        return Session(old.user, "new-token", old.refresh_token, time.time() + 3600)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def run(work: Callable[[Client], Awaitable[object]]) -> object:
        async def main() -> object:
            tokens = Tokens(endpoints, file=file, refresh=refresh)
            async with Client(endpoints, tokens, sleep=sleep) as client:
                return await work(client)

        return asyncio.run(main())

    yield run


def test_a_busy_service_is_given_the_time_it_asks_for(service: Service, call: Call[object], waits: list[float]) -> None:
    service.faults.answers = [(429, {"retry-after": "7"}), (503, {"retry-after": "2"}), (503, {})]
    assert call(lambda client: client.documents()) == {"documents": [], "nextCursor": None}
    assert waits[:2] == [7, 2]
    assert 1 <= waits[2] <= 1.5  # 0.25 s times 2 to the power of 2 attempts before, and up to half of it more


def test_a_limit_that_lasts_for_hours_is_not_waited_for(
    service: Service, call: Call[object], waits: list[float]
) -> None:
    service.faults.answers = [(429, {"retry-after": "7200"})]
    with pytest.raises(ServiceError):
        call(lambda client: client.documents())
    assert waits == []


def test_patience_ends(service: Service, call: Call[object], waits: list[float]) -> None:
    service.faults.answers = [(503, {})] * 5
    with pytest.raises(ServiceError, match=r"Not now\. \(request r1\)"):
        call(lambda client: client.documents())
    assert len(waits) == 4


def test_a_failed_service_is_not_asked_again(service: Service, call: Call[object]) -> None:
    service.faults.answers = [(500, {})]
    with pytest.raises(ServiceError, match="request r1"):
        call(lambda client: client.documents())
    assert len(service.requests) == 1


def test_a_refused_request_says_why(service: Service, call: Call[object]) -> None:
    with pytest.raises(RefusedError, match="There is no such document") as caught:
        call(lambda client: client.status("absent"))
    assert caught.value.code == "document_not_found"


def test_an_id_with_any_characters_stays_one_segment(service: Service, call: Call[object]) -> None:
    with pytest.raises(RefusedError):
        call(lambda client: client.status("uploads#me/a b/ü?.pdf"))
    assert service.requests[-1][1] == "/v2/documents/uploads%2523me%252Fa%2520b%252F%25C3%25BC%253F.pdf/status"


def test_a_refused_token_is_renewed_once(service: Service, call: Call[object]) -> None:
    service.tokens = {"new-token"}
    call(lambda client: client.documents())
    assert [headers["authorization"] for _, _, headers in service.requests] == [f"Bearer {TOKEN}", "Bearer new-token"]
    service.tokens = {"another"}
    with pytest.raises(NotLoggedInError, match="login"):
        call(lambda client: client.documents())


def test_an_address_where_nothing_listens_is_unreachable(tmp_path: Path, waits: list[float]) -> None:
    nowhere = Endpoints(api="http://127.0.0.1:1", websocket="", user_pool_id="p", client_id="c", aws="http://x")
    save(nowhere, Session("me", TOKEN, "", time.time() + 3600), tmp_path / "s")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def main() -> None:
        async with Client(nowhere, Tokens(nowhere, file=tmp_path / "s"), sleep=sleep) as client:
            await client.documents()

    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1.*make up"):
        asyncio.run(main())
    assert len(waits) == 3


def test_waiting_is_bounded() -> None:
    assert wait_seconds("3600", 0) == 60
    assert wait_seconds("Wed, 21 Oct 2026 07:28:00 GMT", 0) < 1  # a date is not what this service sends
    assert wait_seconds(None, 20) == 60
