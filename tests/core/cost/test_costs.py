"""What is used and what that costs: exact, in whole numbers."""

from decimal import Decimal

import pytest

from core.cost import costs, prices
from core.cost.costs import UNIT_PRICES, Entry, Quantity, Sum, gb_seconds, nano_usd, storage_a_month, sums, token_prices
from core.settings import Settings

MINUTES_5 = 300_000  #: milliseconds


def entry(**fields: object) -> Entry:
    known = {
        "owner": "user:ann",
        "month": "2026-11",
        "document_id": "d1",
        "generation": 1,
        "part": "0",
        "attempt": "a",
        "function": "text",
        "used": {Quantity.INVOCATIONS: 1},
        "nano_usd": 200,
    }
    return Entry(**{**known, **fields})  # type: ignore[arg-type]


def test_five_minutes_of_3008_mb_cost_one_and_a_half_cents() -> None:
    used = {Quantity.X86_MB_MS: 3008 * MINUTES_5}
    assert gb_seconds(used) == 881.25
    assert nano_usd(used, UNIT_PRICES) == 14_687_529  # and not 0.15 dollars
    assert nano_usd({Quantity.ARM_MB_MS: 3008 * MINUTES_5}, UNIT_PRICES) == 11_750_059


@pytest.mark.parametrize(
    ("quantity", "amount", "dollars"),
    [
        (Quantity.INVOCATIONS, 1_000_000, "0.20"),
        (Quantity.SQS_REQUESTS, 1_000_000, "0.40"),
        (Quantity.WRITE_MILLIUNITS, 1_000_000_000, "0.625"),
        (Quantity.READ_MILLIUNITS, 1_000_000_000, "0.125"),
        (Quantity.S3_WRITES, 1000, "0.005"),
        (Quantity.S3_READS, 1000, "0.0004"),
        (Quantity.LOG_BYTES, 2**30, "0.5"),
    ],
)
def test_each_quantity_has_the_price_of_its_unit(quantity: Quantity, amount: int, dollars: str) -> None:
    assert nano_usd({quantity: amount}, UNIT_PRICES) == Decimal(dollars) * costs.NANO


def test_every_quantity_is_priced_somewhere() -> None:
    assert {*UNIT_PRICES, *costs.STORAGE_PRICES, *token_prices(Settings())} == set(Quantity)


def test_small_amounts_are_rounded_once_and_not_one_by_one() -> None:
    halves = {Quantity.READ_MILLIUNITS: 500, Quantity.WRITE_MILLIUNITS: 1000}  # 62.5 and 625 nano-dollars
    assert nano_usd(halves, UNIT_PRICES) == 688
    assert nano_usd({}, UNIT_PRICES) == 0


def test_tokens_cost_what_the_settings_say() -> None:
    settings = Settings(text_embedding_price=0.02, vision_input_price=0.15, vision_output_price=0.6)
    used = {Quantity.EMBEDDING_TOKENS: 1_000_000, Quantity.VISION_INPUT_TOKENS: 10, Quantity.VISION_OUTPUT_TOKENS: 10}
    assert nano_usd(used, token_prices(settings)) == 20_000_000 + 1500 + 6000
    assert nano_usd(used, token_prices(Settings())) == 0


def test_what_is_kept_costs_by_the_month() -> None:
    used = {Quantity.S3_BYTES: prices.GIGABYTE, Quantity.ROW_BYTES: prices.GIGABYTE}
    assert storage_a_month(used) == 123_000_000
    assert nano_usd(used, UNIT_PRICES) == 0


def test_sums_are_made_by_any_field_and_are_exact() -> None:
    found = [entry(nano_usd=1), entry(nano_usd=2, generation=2), entry(nano_usd=4, owner="group:x")]
    assert {name: each.nano_usd for name, each in sums(found, "owner").items()} == {"group:x": 4, "user:ann": 3}
    assert [each.nano_usd for each in sums(found, "generation").values()] == [5, 2]
    total = Sum.of(found)
    assert (total.nano_usd, total.calls, total.used[Quantity.INVOCATIONS]) == (7, 3, 3)
