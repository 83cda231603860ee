"""The arithmetic of what 1,000 pages cost."""

from decimal import Decimal

import pytest

from benchmarks.cost_estimate import Call, estimate, fixed_costs, knowledge_base, with_page_model
from core.cost.costs import Quantity

USED = {Quantity.SQS_REQUESTS: 10, Quantity.S3_BYTES: 2**30}


def call(seconds: float, processor_seconds: float, memory_mb: int = 1769) -> Call:
    return Call("text", memory_mb, seconds, processor_seconds, USED)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (call(10, 5), 10),  # it waits half of the time, there as well
        (call(10, 20), 20),  # two cores here, one there
        (call(10, 20, 3538), 10),
        (call(10, 20, 35380), 10),  # more processors than it can use
        (call(1, 1, 512), 1769 / 512),
    ],
)
def test_a_call_takes_as_long_as_its_work_does_on_the_functions_processors(measured: Call, expected: float) -> None:
    assert measured.seconds_on_lambda == pytest.approx(expected)


def test_an_estimate_is_scaled_to_a_thousand_pages() -> None:
    found = estimate([call(100, 100, 2048)] * 2, pages=500)
    assert found.gb_seconds == pytest.approx(2 * 2 * 2 * 100)
    assert found.functions == pytest.approx(Decimal("800") * Decimal("0.0000166667") + 4 * Decimal("0.0000002"))
    assert found.requests == 40 * Decimal("0.0000004")
    assert found.kept_a_month == 4 * Decimal("0.023")
    assert found.together == found.functions + found.requests


def test_a_page_model_adds_its_processor_seconds() -> None:
    none = estimate([call(0, 0)], pages=1000)
    found = with_page_model(none, processor_seconds=2, memory_mb=3538)  # two processors, so a second a page
    assert found.gb_seconds == pytest.approx(1000 * 3538 / 1024)
    assert found.functions - none.functions == pytest.approx(
        Decimal(1000) * 3538 / 1024 * Decimal("0.0000166667"), abs=Decimal("1e-9")
    )


def test_knowledge_bases_are_priced_by_tokens_and_pages() -> None:
    told = knowledge_base(tokens=500_000, pages=500)
    assert told == {"text alone": Decimal("0.02"), "Data Automation": Decimal("10.02")}


def test_fixed_costs_are_by_the_month_of_730_hours() -> None:
    told = {name: float(amount) for name, amount in fixed_costs()}
    assert told["network: endpoints, three in two zones"] == pytest.approx(43.80)
    assert told["database: create, Aurora that never pauses, 0.5 ACU"] == pytest.approx(43.80)
    assert told["Bedrock Knowledge Bases: OpenSearch Serverless with standby replicas, 2 OCU"] == pytest.approx(350.40)
