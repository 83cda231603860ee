"""``GET /v2/documents/{id}/cost`` and ``GET /v2/cost``: what was spent on documents, to their owners alone."""

import base64
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from api import costs
from api.app import app
from api.openapi import describe
from core.cost.costs import Entry, Quantity
from core.cost.ledger import month_of
from core.cost.ledger_place import LedgerPlace
from core.status import DocumentStatus
from tests.api.conftest import Caller, Reply
from tests.api.ingestion import begin
from tests.api.test_openapi import resolve, validator

NOW = datetime.now(UTC)
MONTH = month_of(NOW)


@cache
def description() -> dict[str, Any]:
    return dict(json.loads(json.dumps(describe(app, ()))))


def conforms(reply: Reply, method: str, path: str) -> bool:
    """Whether an answer is one that the description knows; fails the test with the reason when it is not."""
    response = resolve(description(), description()["paths"][path][method]["responses"][str(reply.status)])
    validator(description(), response["content"]["application/json"]["schema"]).validate(reply.body)
    return True


@pytest.fixture
def member(caller: Caller) -> Caller:
    return replace(caller, groups=(f"finance-{uuid.uuid4().hex}",))


def group_of(member: Caller) -> str:
    return f"group:{member.groups[0]}"


def spend(caller: Caller, status: DocumentStatus, nano_usd: int = 1000, **fields: object) -> Entry:
    """A call that has worked on the document."""
    used = {Quantity.X86_MB_MS: 3008 * 1024, Quantity.INVOCATIONS: 1, Quantity.S3_BYTES: 2**30}
    spent = Entry(
        owner=status.owner,
        month=MONTH,
        document_id=status.document_id,
        generation=1,
        part="0",
        attempt=uuid.uuid4().hex,
        function="text",
        used=used,
        nano_usd=nano_usd,
    )
    spent = replace(spent, **fields)  # type: ignore[arg-type]
    caller.services.ledger.record(spent, NOW)
    return spent


def test_a_documents_cost_is_told_by_function_version_and_month(caller: Caller) -> None:
    status = begin(caller)
    spend(caller, status, 1000)
    spend(caller, status, 300, function="entry", part="")
    spend(caller, status, 20, generation=2)
    answered = caller.call("GET", f"/v2/documents/{status.document_id}/cost")
    assert conforms(answered, "get", "/v2/documents/{documentId}/cost")
    told = answered.body
    assert (told["nanoUsd"], told["usd"], told["calls"]) == (1320, 0.00000132, 3)
    assert {each["function"]: each["nanoUsd"] for each in told["functions"]} == {"text": 1020, "entry": 300}
    assert {each["generation"]: each["nanoUsd"] for each in told["versions"]} == {1: 1300, 2: 20}
    assert [(each["month"], each["nanoUsd"]) for each in told["months"]] == [(MONTH, 1320)]
    assert told["gbSeconds"] == pytest.approx(3 * 3.008)
    assert told["used"]["s3Bytes"] == 3 * 2**30
    assert told["storageUsdAMonth"] == 0.069
    assert told["prices"]["region"] == "us-east-1"


def test_a_document_that_nothing_was_spent_on_costs_nothing(caller: Caller) -> None:
    answered = caller.call("GET", f"/v2/documents/{begin(caller).document_id}/cost")
    assert conforms(answered, "get", "/v2/documents/{documentId}/cost")
    assert (answered.body["nanoUsd"], answered.body["functions"]) == (0, [])


def test_anothers_document_has_no_cost(caller: Caller) -> None:
    status = begin(caller)
    spend(caller, status)
    stranger = Caller(caller.services)
    for name in (status.document_id, str(uuid.uuid4())):
        refused = stranger.call("GET", f"/v2/documents/{name}/cost")
        assert (refused.status, refused.body["code"]) == (404, "document_not_found")


def test_a_month_is_summed_up_over_ones_own_and_ones_groups_documents(member: Caller) -> None:
    own, shared = begin(member), begin(member, "shared.pdf", owner=group_of(member))
    spend(member, own, 1)
    spend(member, own, 2)
    spend(member, shared, 4)
    spend(member, own, 8, month="2026-01")
    answered = member.call("GET", "/v2/cost")
    assert conforms(answered, "get", "/v2/cost")
    assert (answered.body["month"], answered.body["nextCursor"]) == (MONTH, None)
    told = {each["owner"]: each["nanoUsd"] for each in answered.body["owners"]}
    assert told == {member.principal: 3, group_of(member): 4}
    assert member.call("GET", "/v2/cost", query={"month": "2026-01"}).body["owners"][0]["nanoUsd"] == 8
    assert Caller(member.services).call("GET", "/v2/cost").body["owners"] == []


def test_the_sum_of_the_month_outlives_the_document(caller: Caller) -> None:
    status = begin(caller)
    spend(caller, status, 7)
    assert caller.call("DELETE", f"/v2/documents/{status.document_id}").status == 200
    assert caller.call("GET", f"/v2/documents/{status.document_id}/cost").status == 404
    assert [each["nanoUsd"] for each in caller.call("GET", "/v2/cost").body["owners"]] == [7]


def test_pages_add_up_to_the_whole_month(member: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "MOST_ENTRIES", 2)
    own, shared = begin(member), begin(member, "shared.pdf", owner=group_of(member))
    for number in range(4):
        spend(member, own, 10**number)
        spend(member, shared, 10**number)
    sums = {member.principal: 0, group_of(member): 0}
    query: dict[str, str] = {}
    pages = 0
    while True:
        page = member.call("GET", "/v2/cost", query=query).body
        pages += 1
        for each in page["owners"]:
            sums[each["owner"]] += each["nanoUsd"]
        if page["nextCursor"] is None:
            break
        query = {"cursor": page["nextCursor"]}
    assert sums == {member.principal: 1111, group_of(member): 1111}
    assert pages == 4


@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-13"},
        {"month": "November"},
        {"cursor": "x"},
        {"cursor": LedgerPlace("user:somebody-else", f"cost#{MONTH}#a").encode()},
        {"cursor": base64.urlsafe_b64encode(json.dumps(["", ""]).encode()).decode()},
    ],
)
def test_what_cannot_be_asked_for_is_refused(caller: Caller, query: dict[str, str]) -> None:
    refused = caller.call("GET", "/v2/cost", query=query)
    assert conforms(refused, "get", "/v2/cost")
    assert (refused.status, refused.body["code"]) in {(400, "invalid_request"), (400, "invalid_cursor")}


def test_a_cursor_leads_nowhere_but_to_its_own_month(caller: Caller) -> None:
    for period in (f"cost#1999-01#{uuid.uuid4()}", "day#2026-11-21", "minute#"):
        cursor = LedgerPlace(caller.principal, period).encode()
        assert caller.call("GET", "/v2/cost", query={"cursor": cursor}).body["code"] == "invalid_cursor"
