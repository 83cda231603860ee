"""Fusion: arithmetic by hand, and what must hold for any scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve import Arm
from search.fusion import PICTURE_WEIGHT, adaptive, model_weight, reciprocal_rank, scaled, scaled_score, weighted

DENSE = Arm((1, 2), {1: 0.8, 2: 0.5, 3: 0.2}, floor=0.2, ceiling=1.0)
SPARSE = Arm((3, 2), {3: 12.0, 2: 6.0}, floor=0.0, ceiling=10.0)
NOTHING = Arm()


def test_given_weights_apply_to_shares_of_the_best_score() -> None:
    # dense from the floor 0.2 to the best 0.8: 1, 0.5, 0; sparse from 0 to 12: chunk 3 has 1, chunk 2 has 0.5
    assert weighted(DENSE, SPARSE, 0.7, 0.3) == pytest.approx({1: 0.7, 2: 0.35 + 0.15, 3: 0.3})


def test_ranks_alone() -> None:
    assert reciprocal_rank((1, 2), (3, 2)) == pytest.approx({1: 1 / 61, 2: 2 / 62, 3: 1 / 61})
    assert reciprocal_rank((1, 2), (3, 2), 0.5, 0.25) == pytest.approx({1: 0.5 / 61, 2: 0.75 / 62, 3: 0.25 / 61})


def test_adaptive_scores_are_shares_of_a_perfect_chunk() -> None:
    # dense from 0.2 to 1: 0.75, 0.375, 0; sparse from 0 to 12, as the best exceeds the ceiling (repeated words): 1, 0.5
    half = 0.5**1.5
    assert adaptive(DENSE, SPARSE, 1.0) == pytest.approx({1: 0.45, 2: 0.225 + 0.4 * half, 3: 0.4})
    # in a language that the model does not know the vectors weigh 0.2
    assert adaptive(DENSE, SPARSE, 0.0) == pytest.approx({1: 0.15, 2: 0.075 + 0.8 * half, 3: 0.8})


def test_words_count_little_when_no_chunk_holds_most_of_them() -> None:
    few_words = Arm((3,), {3: 2.0}, floor=0.0, ceiling=20.0)
    scores = adaptive(DENSE, few_words, 1.0)
    assert scores[1] > scores[3]  # though chunk 3 is the best of its arm
    assert weighted(DENSE, few_words, 0.5, 0.5)[3] == 0.5  # which given weights do not care for


def test_an_arm_without_hits_leaves_the_order_to_the_other() -> None:
    for fused in (adaptive(DENSE, NOTHING, 1.0), weighted(DENSE, NOTHING, 0.5, 0.5), reciprocal_rank((1, 2, 3), ())):
        assert sorted(fused, key=lambda chunk: -fused[chunk]) == [1, 2, 3]
    assert adaptive(NOTHING, NOTHING, 1.0) == {}


def test_one_chunk_alone_has_the_whole_score() -> None:
    alone = Arm((1,), {1: 0.4}, floor=0.4, ceiling=1.0)  # it is the mean of all one chunks
    assert scaled(alone, 0.4) == {1: 1.0}
    assert weighted(alone, Arm((1,), {1: 3.0}), 0.5, 0.5) == {1: 1.0}


scores = st.dictionaries(st.integers(0, 30), st.floats(-1, 1), max_size=20)
words = st.dictionaries(st.integers(0, 30), st.floats(0, 50), max_size=20)


@given(scores, words, st.floats(-1, 1), st.floats(0.1, 60), st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1(
    dense: dict[int, float], sparse: dict[int, float], floor: float, ceiling: float, share: float
) -> None:
    arms = Arm(tuple(dense), dense, floor, 1.0), Arm(tuple(sparse), sparse, 0.0, ceiling)
    for fused in (adaptive(*arms, share), weighted(*arms, share, 1 - share)):
        assert fused.keys() == dense.keys() | sparse.keys()
        assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@given(words, st.floats(0.1, 60), st.floats(0, 1))
def test_the_order_of_one_arm_is_kept(sparse: dict[int, float], ceiling: float, share: float) -> None:
    fused = adaptive(NOTHING, Arm(tuple(sparse), sparse, 0.0, ceiling), share)
    ordered = sorted(sparse, key=lambda chunk: sparse[chunk])
    assert [fused[chunk] for chunk in ordered] == sorted(fused.values())


def test_a_models_weight_follows_the_languages_that_it_knows() -> None:
    assert model_weight(PICTURE_WEIGHT, 1.0) == pytest.approx(0.5)
    assert model_weight(PICTURE_WEIGHT, 0.0) == pytest.approx(0.2)
    assert model_weight(PICTURE_WEIGHT, 0.5) == pytest.approx(0.35)


@pytest.mark.parametrize(("score", "scale"), [(0.2, 0.0), (0.1, 0.0), (0.6, 0.5), (1.0, 1.0), (1.1, 1.0)])
def test_scores_lie_between_floor_and_ceiling(score: float, scale: float) -> None:
    assert scaled_score(score, 0.2, 1.0) == pytest.approx(scale)
    assert scaled_score(score, 1.0, 1.0) == 1.0  # nothing can rise above the floor
