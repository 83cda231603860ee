"""The arithmetic of what a page costs."""

import pytest

from benchmarks.page_cost import VCPU_MB, Prices, page_cost

GIGABYTES = 4 * VCPU_MB / 1024  #: of a function with four processors
SECOND = 0.0002  #: dollars for a second of it
PRICES = Prices(gigabyte_second=SECOND / GIGABYTES, gigabytes=GIGABYTES, gpu_hour=0.72, gpu_pages_per_second=2)


def test_a_page_costs_its_share_of_processors_and_memory() -> None:
    cost = page_cost(40, PRICES)
    assert cost.seconds == pytest.approx(10)
    assert cost.dollars == pytest.approx(10 * SECOND)
    assert cost.gpu_dollars == pytest.approx(0.72 / 7200)


def test_the_gpu_pays_from_where_an_hour_of_it_costs_as_much() -> None:
    cost = page_cost(40, PRICES)
    assert cost.break_even_pages_per_hour * cost.dollars == pytest.approx(PRICES.gpu_hour)
    assert cost.break_even_pages_per_hour == pytest.approx(360)
    assert cost.gpu_keeps_up


def test_a_page_that_is_cheap_enough_is_never_worth_a_gpu() -> None:
    cost = page_cost(1, PRICES)
    assert cost.break_even_pages_per_hour == pytest.approx(14_400)
    assert not cost.gpu_keeps_up
