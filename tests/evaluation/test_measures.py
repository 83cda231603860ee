"""Measures of rankings, against values worked out by hand."""

import math

import pytest

from evaluation.measures import found_by, measure

JUDGEMENTS = {"q1": {"a": 1, "b": 1, "c": 0}, "q2": {"d": 1}}


def test_the_order_decides_and_a_query_without_hits_is_zero() -> None:
    # q1: a at rank 2, b missing: (1/log2 3) / (1 + 1/log2 3); recall 1/2. q2: nothing found
    gain = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert measure(JUDGEMENTS, {"q1": ["c", "a"]}) == pytest.approx({"ndcg@10": gain / 2, "recall@100": 0.25})


def test_the_best_order_scores_one() -> None:
    rankings = {"q1": ["b", "a", "c"], "q2": ["d"]}
    assert measure(JUDGEMENTS, rankings) == pytest.approx({"ndcg@10": 1, "recall@100": 1})


def test_depth_of_ndcg_is_ten_and_of_recall_a_hundred() -> None:
    deep = [f"x{number}" for number in range(10)]
    assert measure({"q": {"a": 1}}, {"q": [*deep, "a"]}) == pytest.approx({"ndcg@10": 0, "recall@100": 1})
    deeper = [f"x{number}" for number in range(100)]
    assert measure({"q": {"a": 1}}, {"q": [*deeper, "a"]}) == pytest.approx({"ndcg@10": 0, "recall@100": 0})


@pytest.mark.parametrize(("depth", "found"), [(1, False), (2, True), (10, True)])
def test_a_page_is_found_by_any_of_the_best_hits(depth: int, found: bool) -> None:
    assert found_by([{1, 2}, {7, 8}, {9}], {8, 100}, depth) is found
