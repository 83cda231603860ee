"""`amplify-rag cost` and `amplify-rag status --cost`."""

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.costs import cost
from tests.cli.service import Document, Service


@pytest.fixture
def document(service: Service) -> Document:
    document = service.documents["a.pdf"] = Document("a.pdf", 5)
    document.add("completed", 100)
    return document


def test_a_months_sums_are_put_together_from_all_pages(service: Service, run: Run) -> None:
    service.costs.pages = [
        [cost(1_000_000, owner="user:me", used={"s3Reads": 1})],
        [],
        [cost(500_000, owner="user:me", used={"s3Reads": 2, "invocations": 1}), cost(7, owner="group:finance")],
    ]
    told = json.loads(run("cost", "--month", "2026-10", "--json").stdout)
    assert told["month"] == "2026-10"
    assert [(each["owner"], each["nanoUsd"], each["calls"]) for each in told["owners"]] == [
        ("user:me", 1_500_000, 2),
        ("group:finance", 7, 1),
    ]
    assert told["owners"][0]["used"] == {"s3Reads": 3, "invocations": 1}
    assert "/v2/cost?month=2026-10&cursor=2" in service.requests[-1][1]
    shown = run("cost").stdout
    for words in ("user:me", "$0.001500", "together", "us-east-1, 2026-11-21"):
        assert words in shown
    assert "group:finance" not in run("cost", "--owner", "user:me").stdout


def test_operators_see_all_owners_and_others_are_refused(service: Service, run: Run) -> None:
    service.costs.pages = [[cost(123_456_789_000, calls=2_000, owner="user:ann")]]
    shown = run("cost", "--all")
    assert service.requests[-1][1].startswith("/v2/operations/cost")
    assert ("$123.46" in shown.stdout, "2,000" in shown.stdout) == (True, True)
    service.costs.is_operator = False
    refused = run("cost", "--all")
    assert (refused.exit_code, refused.stderr) == (1, "error: Only members of the group operators may do this.\n")


def test_an_owner_without_costs_is_said_to_have_none(service: Service, run: Run) -> None:
    service.costs.pages = [[cost(1_000_000, owner="user:me")]]
    shown = run("cost", "--owner", "group:else").stdout
    assert shown.startswith("Nothing of group:else in 2026-11.")
    assert "--all" in shown
    assert "--all" not in run("cost", "--owner", "group:else", "--all").stdout
    assert json.loads(run("cost", "--owner", "group:else", "--json").stdout)["owners"] == []


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "now", ""])
def test_a_wrong_month_is_refused_before_anything_is_asked(service: Service, run: Run, month: str) -> None:
    refused = run("cost", "--month", month)
    assert (refused.exit_code, "a month is YYYY-MM" in refused.stderr) == (2, True)
    assert not service.requests


def test_a_documents_cost_by_function(document: Document, run: Run) -> None:
    shown = run("cost", document.id).stdout
    for words in ("text_rag_processor", "$0.001200", "$0.000034", "$0.001234", "Keeping it: $0.000500 a month"):
        assert words in shown
    assert json.loads(run("cost", document.id, "--json").stdout)["documentId"] == document.id
    assert run("cost", "absent").exit_code == 1


def test_a_document_and_a_month_do_not_go_together(document: Document, run: Run) -> None:
    assert run("cost", document.id, "--month", "2026-11").exit_code == 2


def test_status_shows_the_cost_when_asked_to(document: Document, run: Run) -> None:
    assert "$0.001234 so far" in run("status", document.id, "--cost").stdout
    assert json.loads(run("status", document.id, "--cost", "--json").stdout)["cost"]["nanoUsd"] == 1_234_000
    assert "$" not in run("status", document.id).stdout
