"""``GET /v2/operations/cost``: a month of all owners, for operators alone, and logged."""

import uuid
from dataclasses import replace

import pytest

from operations import cost_routes
from tests.api.test_costs import NOW
from tests.core.cost.test_costs import entry
from tests.operations.desk import Desk
from tests.operations.test_letter_routes import call, written
from tests.operations.test_openapi import conforms

__all__ = ["written"]
PATH = "/v2/operations/cost"
MONTH = "2031-07"  #: that no other test spends in


def test_the_month_of_every_owner_is_summed_up_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = [f"user:{uuid.uuid4()}" for _ in range(3)]
    for number, owner in enumerate(owners):
        for part in range(2):
            spent = replace(entry(month=MONTH, nano_usd=10**number), owner=owner, attempt=f"a{part}")
            desk.services.ledger.record(spent, NOW)
    scan = desk.operations.ledger._client.scan
    monkeypatch.setattr(desk.operations.ledger._client, "scan", lambda **asked: scan(**asked, Limit=2))
    monkeypatch.setattr(cost_routes, "MOST_PAGES", 1)
    sums = dict.fromkeys(owners, 0)
    query, pages = {"month": MONTH}, 0
    while True:
        answered = call(desk, "GET", PATH, **query)
        assert conforms(answered, "get", PATH)
        pages += 1
        for each in answered.body["owners"]:
            sums[each["owner"]] += each["nanoUsd"]
        if answered.body["nextCursor"] is None:
            break
        query["cursor"] = answered.body["nextCursor"]
    assert list(sums.values()) == [2, 20, 200]
    assert pages > 1


def test_nobody_else_learns_it(desk: Desk) -> None:
    refused = call(desk, "GET", PATH, groups="[finance]")
    assert (refused.status, refused.body["code"]) == (403, "not_an_operator")


def test_nonsense_is_refused(desk: Desk) -> None:
    for query in ({"cursor": "x"}, {"month": "2026"}):
        refused = call(desk, "GET", PATH, **query)
        assert conforms(refused, "get", PATH)
        assert refused.status == 400
