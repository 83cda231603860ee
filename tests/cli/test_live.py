import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from cli.client import Client
from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError, RefusedError, UnreachableError
from cli.following import Stream
from cli.live import Live
from cli.patience import Patience
from cli.session import Session, Tokens
from tests.cli.service import TOKEN, Document, Service

QUICK = Patience(
    tick=0.02, ping=0.1, silence=0.5, first=0.2, quiet=0.3, gap=0.2, longest_backoff=0.1, give_up=0.6, handshake=2
)

Run = Callable[[Callable[[Live], Coroutine[Any, Any, list[int]]]], list[int]]


class FixedTokens(Tokens):
    """A token that does not end; a new one can be had once."""

    def __init__(self, endpoints: Endpoints) -> None:
        super().__init__(endpoints, refresh=self._renew)
        self._session = Session("me", TOKEN, "refresh", time.time() + 3600)
        self._file = None

    def _renew(self, endpoints: Endpoints, old: Session) -> Session:
        return Session("me", "new-token", "", time.time() + 3600)


@pytest.fixture
def run(home: object, endpoints: Endpoints) -> Iterator[Run]:
    """Does something with a live connection."""

    def in_loop(work: Callable[[Live], Coroutine[Any, Any, list[int]]]) -> list[int]:
        async def main() -> list[int]:
            async with Client(endpoints, FixedTokens(endpoints)) as client, Live(client, QUICK) as live:
                return await asyncio.wait_for(work(live), 20)

        return asyncio.run(main())

    yield in_loop


@pytest.fixture
def document(service: Service) -> Document:
    """A document that waits for its file: one state."""
    document = service.documents["a.pdf"] = Document("a.pdf", 4)
    document.add("awaiting_upload", 0)
    return document


async def until_final(states: Stream) -> list[int]:
    """The sequences of the states up to the last."""
    sequences = []
    while True:
        update = await anext(states)
        sequences.append(update.sequence)
        if update.is_final:
            return sequences


def watched(service: Service, document: Document) -> Callable[[Live], Coroutine[Any, Any, list[int]]]:
    """Follows the document from before its processing to the end; a run has seven states with the first."""

    async def work(live: Live) -> list[int]:
        states = await live.follow(document.id)
        first = await anext(states)
        service.process(document)
        return [first.sequence, *await until_final(states)]

    return work


WHOLE = [1, 2, 3, 4, 5, 6, 7]


def test_all_states_come_in_order(service: Service, document: Document, run: Run) -> None:
    assert run(watched(service, document)) == WHOLE
    assert service.connections == 1


def test_repeated_messages_are_dropped(service: Service, document: Document, run: Run) -> None:
    service.faults.duplicates = True
    assert run(watched(service, document)) == WHOLE


def test_a_missing_message_is_asked_for_and_put_in_its_place(service: Service, document: Document, run: Run) -> None:
    service.faults.unpushed = {3, 5}
    assert run(watched(service, document)) == WHOLE
    assert {"action": "subscribe", "documentId": document.id, "after": 2} in service.subscriptions


def test_a_dropped_connection_is_made_again_and_what_was_missed_is_replayed(
    service: Service, document: Document, run: Run
) -> None:
    service.faults.drop_after = {3, 5}
    service.pace = 0.15
    assert run(watched(service, document)) == WHOLE
    assert service.connections >= 3


@pytest.mark.parametrize("seed", range(4))
def test_sockets_that_are_cut_at_random_cost_no_state_and_repeat_none(
    service: Service, document: Document, run: Run, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  which sockets are cut
    service.faults.unpushed = {sequence for sequence in WHOLE if chance.random() < 0.2}
    service.pace = 0.1
    ended = threading.Event()

    def cut() -> None:
        while not ended.wait(chance.uniform(0.02, 0.2)):
            with service.lock:
                for socket in list(service.sockets):
                    with suppress(OSError):  # its client has closed it already
                        socket.socket.shutdown(2)

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        assert run(watched(service, document)) == WHOLE
    finally:
        ended.set()
        cutter.join()
    assert service.connections > 2


def test_states_that_were_missed_while_the_service_was_away_come_in_their_order(
    service: Service, document: Document, run: Run
) -> None:
    async def work(live: Live) -> list[int]:
        states = await live.follow(document.id)
        first = await anext(states)
        service.faults.no_sockets = True
        with service.lock:
            for socket in list(service.sockets):
                socket.socket.shutdown(2)
        for status in ("validating", "queued", "extracting_text", "embedding", "storing", "completed"):
            document.add(status, 50)
        return [first.sequence, *await until_final(states)]

    assert run(work) == WHOLE


def test_a_closing_message_ends_the_connection_and_another_takes_over(
    service: Service, document: Document, run: Run
) -> None:
    async def work(live: Live) -> list[int]:
        states = await live.follow(document.id)
        first = await anext(states)
        with service.lock:
            for socket in list(service.sockets):
                service.send(socket, {"type": "closing", "code": "token_expired", "message": "Connect again."})
        while service.connections < 2:
            await asyncio.sleep(0.01)
        service.process(document)
        return [first.sequence, *await until_final(states)]

    assert run(work) == WHOLE


def test_a_connection_that_always_fails_is_tried_ever_more_slowly() -> None:
    patience = Patience()
    pauses = [patience.backoff(attempt) for attempt in range(5000)]
    assert pauses[0] <= 0.25
    assert max(pauses) <= patience.longest_backoff
    assert len(set(pauses[100:])) > 100


def test_a_last_message_that_is_lost_is_found_by_asking(service: Service, document: Document, run: Run) -> None:
    service.faults.unpushed = {6, 7}
    assert run(watched(service, document)) == WHOLE


def test_what_is_not_replayed_is_taken_from_the_history(service: Service, document: Document, run: Run) -> None:
    service.faults.unpushed = {4}
    service.faults.no_replay = True
    assert run(watched(service, document)) == WHOLE


def test_what_the_history_lacks_is_given_up_in_the_end(service: Service, document: Document, run: Run) -> None:
    service.faults.unpushed = service.faults.forgotten = {4}
    service.faults.no_replay = True
    assert run(watched(service, document)) == [1, 2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("patience", "is_replaced"),
    [(replace(QUICK, silence=60), False), (replace(QUICK, quiet=60, first=60), True)],
)
def test_a_socket_that_hears_nothing_is_replaced_and_meanwhile_the_states_are_polled(
    service: Service, document: Document, run: Run, patience: Patience, is_replaced: bool
) -> None:
    service.faults.deaf = True
    service.pace = 0.3

    async def work(live: Live) -> list[int]:
        live._patience = patience
        return await watched(service, document)(live)

    assert run(work)[-1] == 7
    assert (service.connections > 1) is is_replaced


def test_without_a_socket_the_states_are_polled(service: Service, document: Document, run: Run) -> None:
    service.faults.no_sockets = True
    service.pace = 0.1
    seen = run(watched(service, document))
    assert service.connections == 0
    assert seen == WHOLE


def test_a_document_that_was_finished_is_followed_into_its_next_version(
    service: Service, document: Document, run: Run
) -> None:
    document.add("completed", 100)

    async def work(live: Live) -> list[int]:
        states = await live.follow(document.id)
        assert await until_final(states) == [2]
        service.process(document)
        return await until_final(states)

    assert run(work) == [3, 4, 5, 6, 7, 8]


def test_everything_is_followed_also_what_comes_later(service: Service, document: Document, run: Run) -> None:
    async def work(live: Live) -> list[int]:
        states = await live.follow_everything()
        while not service.sockets or "*" not in next(iter(service.sockets.values())):
            await asyncio.sleep(0.01)
        later = service.documents["b.pdf"] = Document("b.pdf", 4)
        later.add("awaiting_upload", 0)
        service.process(later)
        return await until_final(states)

    assert run(work) == [2, 3, 4, 5, 6, 7]


def test_everything_is_polled_without_a_socket(service: Service, document: Document, run: Run) -> None:
    service.faults.no_sockets = True

    async def work(live: Live) -> list[int]:
        states = await live.follow_everything()
        first = await anext(states)
        service.process(document)
        return [first.sequence, *await until_final(states)]

    assert run(work)[-1] == 7


def test_a_document_that_is_not_there_is_an_error_for_its_reader_alone(
    service: Service, document: Document, run: Run
) -> None:
    async def work(live: Live) -> list[int]:
        live._patience = replace(QUICK, first=60)  # it is the error message that is acted on
        with pytest.raises(RefusedError, match="no such document"):
            await anext(await live.follow("absent"))
        return await watched(service, document)(live)

    assert run(work) == WHOLE


def test_many_documents_share_one_socket(service: Service, run: Run) -> None:
    async def work(live: Live) -> list[int]:
        for number in range(12):
            document = service.documents[str(number)] = Document(str(number), 4)
            document.add("awaiting_upload", 0)
        runs = [watched(service, each)(live) for each in list(service.documents.values())]
        endings = await asyncio.gather(*runs)
        assert endings == [WHOLE] * 12
        return []

    run(work)
    assert service.connections == 1


def test_a_refused_token_is_renewed_for_the_next_connection(service: Service, document: Document, run: Run) -> None:
    service.tokens = {"new-token"}
    assert run(watched(service, document)) == WHOLE
    assert service.connections == 1


def test_a_token_that_only_the_socket_refuses_is_renewed_too(service: Service, document: Document, run: Run) -> None:
    service.tokens = {TOKEN, "new-token"}
    service.faults.refused_by_sockets = {TOKEN}
    assert run(watched(service, document)) == WHOLE
    assert service.connections == 1


def test_a_log_in_that_has_ended_is_told_to_those_who_wait(service: Service, document: Document, run: Run) -> None:
    service.tokens = set()

    async def work(live: Live) -> list[int]:
        await anext(await live.follow(document.id))
        return []

    with pytest.raises(NotLoggedInError):
        run(work)


def test_pings_keep_an_idle_socket_open(service: Service, document: Document, run: Run) -> None:
    document.add("completed", 100)

    async def work(live: Live) -> list[int]:
        states = await live.follow(document.id)
        await until_final(states)
        await live.unfollow(document.id)
        await asyncio.sleep(3 * QUICK.silence)
        return [service.connections]

    assert run(work) == [1]
    assert service.pings > 5


def test_when_nothing_answers_for_long_the_wait_ends(endpoints: Endpoints, home: object) -> None:
    nowhere = Endpoints(api="http://127.0.0.1:1", websocket="ws://127.0.0.1:1", user_pool_id="p", client_id="c")

    async def no_sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        async with Client(nowhere, FixedTokens(nowhere), sleep=no_sleep) as client, Live(client, QUICK) as live:
            await asyncio.wait_for(anext(await live.follow("d")), 10)

    with pytest.raises(UnreachableError, match="cannot reach"):
        asyncio.run(main())
