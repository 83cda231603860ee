"""Token pooling against a plain agglomeration that tries every pair."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vdr.pool import pool, unit

Floats = NDArray[np.float32]


def random_unit(number: int, dimensions: int, seed: int) -> Floats:
    numbers = np.random.default_rng(seed)
    centres = numbers.standard_normal((5, dimensions))
    around = 0.5 * numbers.standard_normal((number, dimensions))
    return unit((centres[numbers.integers(5, size=number)] + around).astype(np.float32))


def plain(vectors: Floats, wanted: int) -> Floats:
    """Ward by its definition: the merger that adds least to the squared distances from the clusters' means."""
    clusters = [[row] for row in vectors.astype(np.float64)]

    def increase(pair: tuple[int, int]) -> float:
        one, two = clusters[pair[0]], clusters[pair[1]]
        apart = np.mean(one, axis=0) - np.mean(two, axis=0)
        return len(one) * len(two) / (len(one) + len(two)) * float(apart @ apart)

    while len(clusters) > wanted:
        left, right = min(combinations(range(len(clusters)), 2), key=increase)
        clusters[left] += clusters.pop(right)
    return unit(np.array([np.mean(cluster, axis=0) for cluster in clusters], dtype=np.float32))


def in_order(vectors: Floats) -> Floats:
    return vectors[np.lexsort(vectors.T)]


@pytest.mark.parametrize(("number", "factor"), [(40, 3), (31, 2), (12, 6), (9, 100)])
def test_pooling_merges_what_adds_least_variance(number: int, factor: int) -> None:
    vectors = random_unit(number, 8, number)
    expected = plain(vectors, max(1, number // factor))
    assert np.allclose(in_order(pool(vectors, factor)), in_order(expected), atol=1e-5)


def test_a_factor_of_one_changes_nothing() -> None:
    vectors = random_unit(10, 8, 1)
    assert np.array_equal(pool(vectors, 1), vectors)


def test_one_vector_stays() -> None:
    assert pool(random_unit(1, 8, 1), 3).shape == (1, 8)


def test_equal_vectors_become_one() -> None:
    vectors = np.repeat(random_unit(1, 8, 1), 9, axis=0)
    assert np.allclose(pool(vectors, 3), vectors[:1], atol=1e-5)


@given(number=st.integers(1, 60), factor=st.integers(1, 8), seed=st.integers(0, 1000))
def test_pooled_vectors_are_unit_and_no_more_than_asked(number: int, factor: int, seed: int) -> None:
    pooled = pool(random_unit(number, 6, seed), factor)
    assert 1 <= len(pooled) <= max(1, number // factor)
    assert np.allclose(np.linalg.norm(pooled, axis=1), 1, atol=1e-5)
