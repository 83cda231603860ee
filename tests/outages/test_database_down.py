"""PostgreSQL is killed: the API says so in seconds and works again by itself; a worker loses nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from psycopg2.extensions import connection

from core.routing import Route
from core.status import FINAL, Status
from rag import store
from tests.databases import TestDatabase, TestServer
from tests.emulators import TestEmulator
from tests.outages.benches import MortalBench
from tests.outages.databases import Connector, kill, restart
from tests.outages.functions import SUBJECT, deployed

SECONDS = 15  #: in which every answer has come while the database is down


#: Ends the session that inserts a chunk in the middle of its transaction, the first time
FATAL_INSERT = """
CREATE SEQUENCE fatal;
GRANT USAGE ON SEQUENCE fatal TO rag_app;
CREATE FUNCTION end_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('fatal') = 3 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER end_once BEFORE INSERT ON hybrid_dense_embeddings FOR EACH ROW EXECUTE FUNCTION end_once();
"""


@pytest.fixture
def bench(emulator: TestEmulator, mortal_database: TestDatabase) -> Iterator[MortalBench]:
    with closing(Connector(mortal_database)) as connector:
        yield MortalBench(emulator, mortal_database, connector)


def undisturbed(emulator: TestEmulator, database: TestDatabase, route: Route = "text") -> list[tuple[object, ...]]:
    """What is stored of a sample when nothing happens."""
    with closing(Connector(database)) as connector:
        quiet = MortalBench(emulator, database, connector)
        quiet.paper(route)
        quiet.work_all()
        return quiet.stored()


@pytest.mark.parametrize(("route", "use"), [("text", 2), ("visual", 5)])
def test_a_part_whose_database_is_killed_between_two_stages_is_done_whole_the_next_time(
    bench: MortalBench, mortal_database: TestDatabase, emulator: TestEmulator, route: Route, use: int
) -> None:
    expected = undisturbed(emulator, mortal_database, route)
    begun = bench.paper(route)
    bench.before = lambda number: kill(mortal_database.server) if number == use else None
    waiting = bench.work_until_disturbed()
    assert bench.status(begun).status not in FINAL
    restart(mortal_database.server)
    assert bench.half_there() == 0
    for job in [*waiting, *waiting]:
        bench.work(job)
    bench.work_all()
    assert bench.status(begun).status is Status.COMPLETED
    assert bench.stored() == expected


def test_a_connection_that_ends_within_a_transaction_costs_the_worker_nothing(
    emulator: TestEmulator, database: TestDatabase, superuser: connection
) -> None:
    expected = undisturbed(emulator, database)
    with superuser.cursor() as cursor:
        cursor.execute(FATAL_INSERT)
    with closing(Connector(database)) as connector:
        bench = MortalBench(emulator, database, connector)
        begun = bench.paper("text")
        bench.work_all()
        assert connector.opened == 2
        assert bench.status(begun).status is Status.COMPLETED
        assert bench.stored() == expected


def test_a_part_that_is_stored_twice_after_it_finished_its_version_is_there_once(
    emulator: TestEmulator, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(emulator, database)
    store_part, commits = store.replace_part, []

    def replace_part(opened: connection, *part: object, **findings: object) -> store.PartResult:
        result = store_part(opened, *part, **findings)  # type: ignore[arg-type]
        commits.append(result)
        if len(commits) % 2:  # the commit was carried out, and its answer lost
            opened.close()
            store.part_is_stored(opened, part[0])  # type: ignore[arg-type]
        return result

    with closing(Connector(database)) as connector:
        bench = MortalBench(emulator, database, connector)
        monkeypatch.setattr(store, "replace_part", replace_part)
        begun = bench.paper("text")
        bench.work_all()
        assert len(commits) == 2
        assert bench.status(begun).status is Status.COMPLETED
        assert bench.stored() == expected


def test_the_api_says_that_the_database_is_down_and_works_again_when_it_is_up(
    bench: MortalBench, mortal_postgres: TestServer, mortal_database: TestDatabase, emulator: TestEmulator
) -> None:
    bench.owner = SUBJECT
    document = f"/v2/documents/{bench.paper('text').document_id}"
    bench.work_all()
    with deployed(mortal_database, emulator) as api:
        calls: list[Callable[[], Any]] = [
            lambda: api.ask(query="When does the ferry leave?", search_mode="hybrid"),
            lambda: api.call("GET", document),
            lambda: api.call("GET", f"{document}/pages"),
            lambda: api.call("DELETE", document),
        ]
        for call in calls[:3]:
            assert call()[0] == 200
        kill(mortal_postgres)
        for call in calls:
            started = time.monotonic()
            status, body, headers = call()
            assert (status, body["code"], int(headers["retry-after"]) > 0) == (503, "unavailable", True)
            assert time.monotonic() - started < SECONDS
        restart(mortal_postgres)
        assert [call()[0] for call in calls] == [200] * 4
        assert api.call("GET", document)[0] == 404
