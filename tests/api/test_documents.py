"""Documents over HTTP: lists, details, histories and stopping, each for their owner alone."""

import uuid
from contextlib import closing
from dataclasses import replace
from urllib.parse import quote

import pytest
from psycopg2.extensions import connection

from api.services import ApiServices
from core.status import Status
from tests.api.conftest import Caller, reply
from tests.api.ingestion import NOTICE, PAGES, PICTURED, begin, job, process
from tests.databases import TestDatabase
from tests.emulators import UPLOADS


def test_a_new_caller_has_no_documents(caller: Caller) -> None:
    assert caller.call("GET", "/v2/documents").body == {"documents": [], "nextCursor": None}


def test_lists_are_paged_without_gaps_or_repeats(caller: Caller) -> None:
    expected = [begin(caller, f"{number}.pdf").document_id for number in range(7)][::-1]
    found: list[str] = []
    query = {"limit": "3"}
    sizes = []
    while True:
        page = caller.call("GET", "/v2/documents", query=query).body
        found += [document["documentId"] for document in page["documents"]]
        sizes.append(len(page["documents"]))
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]
    assert found == expected
    assert sizes == [3, 3, 1]


def test_lists_can_be_narrowed_to_a_state(caller: Caller) -> None:
    running, stopped = begin(caller, "a.pdf"), begin(caller, "b.pdf")
    caller.services.statuses.cancel(stopped.document_id)
    for state, status in (("queued", running), ("cancelled", stopped)):
        [document] = caller.call("GET", "/v2/documents", query={"status": state}).body["documents"]
        assert (document["documentId"], document["status"]) == (status.document_id, state)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "sleeping"}, "status"),
        ({"cursor": "forged"}, "cursor"),
        ({"cursor": "x" * 5000}, "cursor"),
    ],
)
def test_a_wrong_list_query_is_refused_by_name(caller: Caller, query: dict[str, str], named: str) -> None:
    answer = caller.call("GET", "/v2/documents", query=query)
    assert answer.status == 400
    assert named in answer.body["error"]
    assert "forged" not in answer.body["error"]


def test_a_running_document_tells_its_state_and_what_is_stored_so_far(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status, parts=(0,))
    detail = caller.call("GET", f"/v2/documents/{status.document_id}").body
    assert detail["status"] == "storing"
    assert (detail["pages"], detail["chunks"], detail["gaps"]) == (None, None, [])  # nothing can be searched yet
    assert detail["metadata"]["routes"] == {"route": "text"}
    [version] = detail["versions"]
    assert (version["state"], version["parts"], version["finishedParts"], version["chunks"]) == ("running", 2, 1, 2)
    assert version["finishedAt"] is None


def test_a_finished_document_tells_what_searches_see(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status)
    detail = caller.call("GET", f"/v2/documents/{status.document_id}").body
    assert (detail["status"], detail["progress"]) == ("completed_with_gaps", 100)
    assert (detail["pages"], detail["chunks"], detail["gaps"]) == (PAGES, 4, [{"page": 7, "reason": "no text"}])
    assert (detail["owner"], detail["key"]) == (caller.principal, f"{caller.subject}/leave.pdf")
    [version] = detail["versions"]
    assert (version["state"], version["finishedParts"], version["version"]) == ("current", 2, status.version)
    assert version["tokens"] == 12
    assert version["routes"] == {"text": PAGES - 2, "visual": 2}
    assert version["pictures"] == {"found": 6, "described": 0, "read": 2, "skipped": 4}  # of both parts
    assert version["notices"] == [{"code": NOTICE.code, "message": NOTICE.message}]  # once, though both parts say it
    assert version["finishedAt"] >= version["startedAt"]
    assert version["startedAt"].endswith("Z")


def test_polling_gets_the_body_that_is_pushed(caller: Caller) -> None:
    status = begin(caller)
    known = caller.services.statuses.get(status.status_id)
    assert known is not None
    assert caller.call("GET", f"/v2/documents/{status.document_id}/status").body == known.body()


def test_events_are_paged_by_sequence(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status)
    path, after, seen = f"/v2/documents/{status.document_id}/events", 0, []
    while True:
        page = caller.call("GET", path, query={"after": str(after), "limit": "2"}).body
        seen += page["events"]
        if page["nextAfter"] is None:
            break
        after = page["nextAfter"]
    assert [event["sequence"] for event in seen] == list(range(1, len(seen) + 1))
    assert [seen[0]["status"], seen[-1]["status"]] == ["validating", "completed_with_gaps"]
    assert seen[-1] == caller.call("GET", f"/v2/documents/{status.document_id}/status").body


@pytest.mark.parametrize("encoded", [1, 2])
def test_a_document_answers_to_its_alias(caller: Caller, encoded: int) -> None:
    status = begin(caller, "a b/été #1 100%41?.pdf")
    segment = status.status_id
    for _ in range(encoded):
        segment = quote(segment, safe="")
    assert caller.call("GET", f"/v2/documents/{segment}/status").body["documentId"] == status.document_id
    assert caller.call("GET", f"/v2/documents/{segment}").body["documentId"] == status.document_id


def routes(name: str) -> list[tuple[str, str]]:
    """Every route about one document."""
    document = f"/v2/documents/{name}"
    return [
        ("GET", document),
        ("GET", f"{document}/status"),
        ("GET", f"{document}/events"),
        ("GET", f"{document}/pages"),
        ("GET", f"{document}/pages/{PICTURED}/image"),
        ("POST", f"{document}/cancel"),
        ("DELETE", document),
    ]


def test_a_strangers_document_cannot_be_told_from_one_that_is_not(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status)
    stranger = Caller(caller.services, groups=("finance",))
    missing = str(uuid.uuid4())
    for name, nobodys in ((status.document_id, missing), (quote(status.status_id, safe=""), f"{UPLOADS}%23nothing")):
        for (method, path), (_, absent) in zip(routes(name), routes(nobodys), strict=True):
            refused, unknown = stranger.call(method, path), stranger.call(method, absent)
            assert (refused.status, refused.body) == (404, unknown.body)
    assert stranger.call("GET", "/v2/documents").body["documents"] == []
    assert caller.call("GET", f"/v2/documents/{status.document_id}").status == 200  # and nothing happened to it


def test_a_groups_document_belongs_to_its_members(caller: Caller) -> None:
    group = f"team-{uuid.uuid4()}"
    status = begin(caller, owner=f"group:{group}")
    process(caller, status)
    member = Caller(caller.services, groups=("other", group))
    assert member.call("GET", f"/v2/documents/{status.document_id}").body["chunks"] == 4
    assert caller.call("GET", f"/v2/documents/{status.document_id}").status == 404
    [document] = member.call("GET", "/v2/documents").body["documents"]
    assert document["documentId"] == status.document_id


def test_cancelling_stops_the_workers(caller: Caller) -> None:
    status = begin(caller)
    path = f"/v2/documents/{status.document_id}/cancel"
    cancelled = caller.call("POST", path)
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert caller.services.statuses.report(job(status, 0), Status.EMBEDDING, fraction=0.5) is None
    assert caller.call("POST", path).body == cancelled.body  # again is harmless


def test_a_finished_document_cannot_be_cancelled(caller: Caller) -> None:
    status = begin(caller)
    process(caller, status)
    refused = caller.call("POST", f"/v2/documents/{status.document_id}/cancel")
    assert (refused.status, refused.body["code"]) == (409, "already_final")
    assert "completed_with_gaps" in refused.body["error"]


def test_a_connection_that_the_server_has_closed_is_replaced(services: ApiServices, database: TestDatabase) -> None:
    opened: list[connection] = []

    def current() -> connection:
        if not opened or opened[-1].closed:
            opened.append(database.connect())
        return opened[-1]

    caller = Caller(replace(services, database=current))
    path = f"/v2/documents/{begin(caller).document_id}"
    assert caller.call("GET", path).status == 200
    with closing(database.connect_as_superuser()) as superuser, superuser.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (opened[0].get_backend_pid(),))
    assert caller.call("GET", path).status == 200
    assert len(opened) == 2
    opened[-1].close()


def test_without_a_verified_token_nothing_is_answered(caller: Caller) -> None:
    event = {
        "rawPath": "/v2/documents",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/v2/documents"}, "stage": "$default", "requestId": "r"},
    }
    answer = reply(event, caller.services)
    assert (answer.status, answer.body["code"]) == (401, "unauthorized")


def test_an_unknown_route_is_answered_in_the_error_shape(caller: Caller) -> None:
    answer = caller.call("GET", "/v2/nothing")
    assert (answer.status, answer.body["code"], set(answer.body)) == (
        404,
        "route_not_found",
        {"error", "code", "requestId"},
    )
