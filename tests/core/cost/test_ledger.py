"""The cost ledger in DynamoDB: nothing is lost, nothing is counted twice, nobody sees another's."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.cost.costs import Entry, Quantity, Sum
from core.cost.ledger import KEPT_SECONDS, Ledger, month_of, months_kept
from core.cost.ledger_place import LedgerPlace
from core.cursors import CursorError
from core.errors import SettingsError
from core.settings import Settings
from tests.core.cost.test_costs import entry
from tests.emulators import TestEmulator

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def ledger(emulator: TestEmulator) -> Ledger:
    return Ledger(emulator.emulator.client("dynamodb"), Settings(**emulator.settings))


@pytest.fixture
def known() -> Entry:
    """An entry of an owner and a document that nobody else has."""
    used = {Quantity.X86_MB_MS: 3008 * 1234, Quantity.INVOCATIONS: 1, Quantity.S3_READS: 0}
    document = str(uuid.uuid4())
    return entry(owner=f"user:{uuid.uuid4()}", document_id=document, attempt="a1", used=used, nano_usd=60_417)


def of_owner(ledger: Ledger, owner: str, month: str = "2026-11") -> list[Entry]:
    return ledger.of_owner(month, LedgerPlace(owner, ""), 100)[0]


def test_an_entry_comes_back_as_it_was_kept(ledger: Ledger, known: Entry) -> None:
    ledger.record(known, NOW)
    [found] = ledger.of_document(known.owner, known.document_id, ["2026-11"])
    used = {quantity: amount for quantity, amount in known.used.items() if amount}
    assert found == replace(known, used=used)


def test_a_call_that_is_recorded_twice_counts_once_and_another_one_counts(ledger: Ledger, known: Entry) -> None:
    for _ in range(2):
        ledger.record(known, NOW)
    assert Sum.of(of_owner(ledger, known.owner)).nano_usd == known.nano_usd
    ledger.record(replace(known, attempt="a2"), NOW)
    total = Sum.of(of_owner(ledger, known.owner))
    assert (total.nano_usd, total.calls) == (2 * known.nano_usd, 2)


def test_what_a_call_says_of_itself_beats_what_others_guess(ledger: Ledger, known: Entry) -> None:
    guess = replace(known, nano_usd=1)
    ledger.record(guess, NOW, unless_known=True)
    assert of_owner(ledger, known.owner)[0].nano_usd == 1
    ledger.record(known, NOW)
    ledger.record(guess, NOW, unless_known=True)
    assert [each.nano_usd for each in of_owner(ledger, known.owner)] == [known.nano_usd]


def test_documents_versions_and_months_are_told_apart(ledger: Ledger, known: Entry) -> None:
    other = replace(known, document_id=str(uuid.uuid4()), nano_usd=2)
    newer = replace(known, generation=12, nano_usd=3)
    later = replace(known, month="2026-12", nano_usd=4)
    for each in (known, other, newer, later):
        ledger.record(each, NOW)
    of_document = ledger.of_document(known.owner, known.document_id, ["2026-12", "2026-11"])
    assert [each.nano_usd for each in of_document] == [known.nano_usd, 3, 4]
    of_version = ledger.of_version(known.owner, known.document_id, 1, ["2026-11", "2026-12"])
    assert [each.nano_usd for each in of_version] == [known.nano_usd, 4]
    assert sum(each.nano_usd for each in of_owner(ledger, known.owner)) == known.nano_usd + 5
    assert of_owner(ledger, f"user:{uuid.uuid4()}") == []


def test_the_owners_other_records_are_no_entries(ledger: Ledger, known: Entry, emulator: TestEmulator) -> None:
    day = {"principal": {"S": known.owner}, "period": {"S": "day#2026-11-21"}, "bytes": {"N": "5"}}
    emulator.emulator.client("dynamodb").put_item(TableName="UsageTable", Item=day)
    ledger.record(known, NOW)
    assert len(of_owner(ledger, known.owner)) == 1


def test_pages_hold_every_entry_once(ledger: Ledger, known: Entry) -> None:
    for number in range(5):
        ledger.record(replace(known, part=str(number)), NOW)
    found, place = ledger.of_owner("2026-11", LedgerPlace(known.owner, ""), 2)
    while place is not None:
        assert len(found) % 2 == 0
        more, place = ledger.of_owner("2026-11", LedgerPlace.decode(place.encode()), 2)
        found += more
    assert [each.part for each in found] == ["0", "1", "2", "3", "4"]


def test_all_owners_are_found_in_as_many_pages_as_it_takes(
    ledger: Ledger, known: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = {f"user:{uuid.uuid4()}" for _ in range(4)}
    for owner in owners:
        ledger.record(replace(known, owner=owner, month="2031-01"), NOW)
    scan = ledger._client.scan
    monkeypatch.setattr(ledger._client, "scan", lambda **asked: scan(**asked, Limit=2))
    found, place = ledger.of_all("2031-01", None, 1)
    assert place is not None
    while place is not None:
        more, place = ledger.of_all("2031-01", place, 3)
        found += more
    assert sorted(each.owner for each in found) == sorted(owners)


def test_an_item_holds_whole_numbers_and_expires(ledger: Ledger, known: Entry, emulator: TestEmulator) -> None:
    ledger.record(known, NOW)
    items: list[dict[str, Any]] = emulator.emulator.client("dynamodb").query(
        TableName="UsageTable",
        KeyConditionExpression="principal = :owner",
        ExpressionAttributeValues={":owner": {"S": known.owner}},
    )["Items"]
    assert [item["ttl"]["N"] for item in items] == [str(int(NOW.timestamp()) + KEPT_SECONDS)]
    numbers = [items[0]["nanoUsd"]["N"], *(value["N"] for value in items[0]["used"]["M"].values())]
    assert all(number.isdigit() for number in numbers)


def test_months_are_those_of_which_entries_can_be_there() -> None:
    assert month_of(datetime(2026, 1, 31, 23, 59, tzinfo=UTC)) == "2026-01"
    assert months_kept(datetime(2026, 2, 1, tzinfo=UTC))[-3:] == ["2025-12", "2026-01", "2026-02"]
    assert months_kept(datetime(2026, 2, 1, tzinfo=UTC))[0] == "2025-01"


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10=", "WyJhIl0=", "WyJhIiwgIiJd", "WzEsIDJd", "bnVsbA==", "WyJhIiwiXHVkODAwIl0="]
)
def test_a_cursor_that_was_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        LedgerPlace.decode(cursor)


def test_without_its_table_it_names_the_setting(emulator: TestEmulator) -> None:
    with pytest.raises(SettingsError, match="USAGE_TABLE"):
        Ledger(emulator.emulator.client("dynamodb"), Settings()).record(entry(), NOW)
