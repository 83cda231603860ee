"""MaxSim on packed pages against plain references and against transformers' own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import ColModernVBertProcessor

from vdr.maxsim import BLOCK_VECTORS, maxsim
from vdr.multivector import Encoding, decode, encode

Floats = NDArray[np.float32]
NUMBERS = [700, 1, 233, 3 * BLOCK_VECTORS + 5, 64, 700, 700, 2]  #: pages alone in a block, at its edges and shared


def unit(number: int, dimensions: int, seed: int) -> Floats:
    found = np.random.default_rng(seed).standard_normal((number, dimensions))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def pages(dimensions: int) -> list[Floats]:
    return [unit(number, dimensions, seed) for seed, number in enumerate(NUMBERS)]


def packed(vectors: Sequence[Floats], encoding: Encoding) -> list[tuple[bytes, int]]:
    return [(encode(page, encoding), len(page)) for page in vectors]


def plain(query: Floats, vectors: Floats) -> float:
    return sum(max(float(np.dot(mine, theirs)) for theirs in vectors) for mine in query.astype(np.float64))


@pytest.mark.parametrize(("dimensions", "queries"), [(128, 25), (13, 1), (96, 3)])
def test_bits_score_as_signs_of_unit_length(dimensions: int, queries: int) -> None:
    query, given = unit(queries, dimensions, 99), pages(dimensions)
    scores = maxsim(query, packed(given, "bits"), dimensions, "bits")
    for score, page in zip(scores, given, strict=True):
        signs = decode(encode(page, "bits"), len(page), dimensions, "bits") / np.float32(np.sqrt(dimensions))
        assert score == pytest.approx(plain(query, signs), abs=1e-4)


def test_a_page_s_own_signs_score_one_for_each_vector_of_the_query() -> None:
    signs = np.sign(unit(5, 64, 1)).astype(np.float32) / np.float32(8)
    assert maxsim(signs, packed([signs], "bits"), 64, "bits")[0] == pytest.approx(5, abs=1e-5)


def test_floats_score_as_transformers_does() -> None:
    halves = [page.astype(np.float16).astype(np.float32) for page in pages(128)]  # what is stored is compared
    query = unit(25, 128, 98)
    unbound: Any = ColModernVBertProcessor.score_retrieval  # uses nothing of a processor
    theirs = unbound(None, [torch.from_numpy(query)], [torch.from_numpy(page) for page in halves])[0].numpy()
    ours = maxsim(query, packed(halves, "float16"), 128, "float16")
    longer = [index for index, page in enumerate(halves) if len(page) > 2]  # their padding of zeros beats short pages
    assert np.allclose(ours[longer], theirs[longer], atol=1e-4)
    assert np.allclose(ours, [plain(query, page) for page in halves], atol=1e-4)


def test_a_long_query_is_scored_as_its_pieces() -> None:
    query, given = unit(3000, 128, 97), packed(pages(128)[:3], "bits")
    pieces = maxsim(query[:1000], given, 128, "bits") + maxsim(query[1000:], given, 128, "bits")
    assert np.allclose(maxsim(query, given, 128, "bits"), pieces, rtol=1e-4)


def test_no_pages_have_no_scores() -> None:
    assert maxsim(unit(3, 16, 1), [], 16, "bits").shape == (0,)


@pytest.mark.parametrize("page", [(b"", 0), (b"12345", 2)])
def test_pages_that_are_not_what_they_say_are_refused(page: tuple[bytes, int]) -> None:
    with pytest.raises(ValueError, match="are not"):
        maxsim(unit(3, 16, 1), [page], 16, "bits")


def test_a_query_of_another_space_is_refused() -> None:
    with pytest.raises(ValueError, match="dimensions"):
        maxsim(unit(3, 16, 1), packed([unit(3, 8, 1)], "bits"), 8, "bits")
