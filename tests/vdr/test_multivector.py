"""Packed vectors."""

import numpy as np
import pytest

from vdr.multivector import Encoding, Vectors, candidate, decode, encode, row_bytes


def vectors(number: int, dimensions: int) -> Vectors:
    found = np.random.default_rng(3).standard_normal((number, dimensions))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("dimensions", [8, 13, 128])
def test_bits_are_signs(dimensions: int) -> None:
    given = vectors(7, dimensions)
    data = encode(given, "bits")
    assert len(data) == 7 * row_bytes(dimensions, "bits") == 7 * -(-dimensions // 8)
    assert np.array_equal(decode(data, 7, dimensions, "bits"), np.where(given > 0, 1, -1))


def test_the_first_dimension_is_the_most_significant_bit() -> None:
    row = np.array([[1, -1, -1, -1, -1, -1, -1, 1, 1, -1]], dtype=np.float32)
    assert encode(row, "bits") == bytes([0b10000001, 0b10000000])


def test_half_floats_are_within_a_thousandth() -> None:
    given = vectors(5, 12)
    data = encode(given, "float16")
    assert len(data) == 5 * 12 * 2
    assert np.allclose(decode(data, 5, 12, "float16"), given, atol=1e-3)


@pytest.mark.parametrize("encoding", ["bits", "float16"])
@pytest.mark.parametrize("number", [0, 4, 6])
def test_another_number_of_vectors_is_refused(encoding: Encoding, number: int) -> None:
    data = encode(vectors(5, 16), encoding) if number else b""
    with pytest.raises(ValueError, match="are not"):
        decode(data, number, 16, encoding)


def test_the_candidate_is_the_direction_of_the_mean() -> None:
    given = vectors(9, 6)
    mean = given.mean(axis=0)
    assert np.allclose(candidate(given), mean / np.linalg.norm(mean), atol=1e-6)


def test_vectors_that_cancel_out_have_a_candidate_of_unit_length() -> None:
    assert np.allclose(candidate(np.array([[0, 1], [0, -1]], dtype=np.float32)), [0, 1])


def test_no_vectors_have_no_candidate() -> None:
    with pytest.raises(ValueError, match="without vectors"):
        candidate(np.empty((0, 4), dtype=np.float32))
