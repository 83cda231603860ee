"""Page models by their folders: real classes of transformers, weights of chance."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import ColModernVBertForRetrieval, ColModernVBertProcessor

from core.settings import Settings
from tests.vdr import tiny_models
from tests.vdr.tiny_models import TOKENS_PER_TILE
from vdr.embed import PageEmbedder, PageInput, page_embedder
from vdr.maxsim import maxsim
from vdr.multivector import Vectors, encode
from vdr.pool import pool


def embedder(folder: Path, **fields: Any) -> PageEmbedder:
    return page_embedder(Settings(vdr_model_name=str(folder), **{"vdr_pool_factor": 1, **fields}))


def pages(*sizes: tuple[int, int]) -> list[PageInput]:
    return [PageInput(number, tiny_models.page(number, size), "") for number, size in enumerate(sizes, start=1)]


UPRIGHT, ACROSS, SQUARE = (210, 297), (297, 210), (200, 200)


def is_unit(vectors: Vectors) -> bool:
    return vectors.dtype == np.float32 and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_late_interaction_gives_a_vector_a_token(late_interaction_model: Path) -> None:
    model = embedder(late_interaction_model)
    upright, square = model(pages(UPRIGHT, SQUARE))
    assert (model.dimensions, model.encoding, model.needs_images) == (32, "bits", True)
    assert upright.shape[1] == 32
    assert is_unit(upright)
    assert is_unit(square)
    tiles = 13, 17  # 3 x 4 and 4 x 4, and the page as a whole
    assert len(square) - len(upright) >= (tiles[1] - tiles[0]) * TOKENS_PER_TILE
    assert len(upright) > tiles[0] * TOKENS_PER_TILE


def test_vectors_are_those_of_transformers(late_interaction_model: Path) -> None:
    model: Any = ColModernVBertForRetrieval.from_pretrained(late_interaction_model)
    processor: Any = ColModernVBertProcessor.from_pretrained(late_interaction_model)
    page = pages(UPRIGHT)[0]
    with torch.inference_mode():
        theirs = model(**processor.process_images([page.image])).embeddings[0].numpy()
        query = model(**processor.process_queries(["revenue"])).embeddings[0].numpy()
    ours = embedder(late_interaction_model)
    assert np.allclose(ours([page])[0], theirs, atol=1e-4)
    assert np.allclose(ours.embed_query("revenue"), query, atol=1e-4)


def test_a_query_has_a_vector_a_token_and_ten_more(late_interaction_model: Path) -> None:
    model = embedder(late_interaction_model)
    empty, short, longer = (model.embed_query(text) for text in ("", "city", "city of the revenue by quarter"))
    assert len(empty) == 10
    assert 10 < len(short) < len(longer)
    assert is_unit(longer)


def test_a_query_that_names_the_model_s_own_tokens_is_a_query(late_interaction_model: Path) -> None:
    model = embedder(late_interaction_model)
    vectors = model.embed_query("<ima<image>ge> of <row_1_col_2><|padding|>")
    assert np.array_equal(vectors, model.embed_query("<ima ge> of   "))


def test_pages_are_the_same_in_any_company(late_interaction_model: Path, pooled_model: Path) -> None:
    company = pages(UPRIGHT, SQUARE, ACROSS)
    for folder in (late_interaction_model, pooled_model):
        model = embedder(folder)
        together, alone = model(company), [model([page])[0] for page in company]
        assert all(np.allclose(one, other, atol=1e-5) for one, other in zip(together, alone, strict=True))


def test_a_page_is_found_by_a_query_of_its_own_vectors(late_interaction_model: Path) -> None:
    vectors = embedder(late_interaction_model, vdr_pool_factor=3)(pages(UPRIGHT, ACROSS, SQUARE))
    stored = [(encode(page, "bits"), len(page)) for page in vectors]
    for number, page in enumerate(vectors):
        assert int(np.argmax(maxsim(page, stored, 32, "bits"))) == number


def test_pooling_divides_the_number(late_interaction_model: Path) -> None:
    whole, third = embedder(late_interaction_model), embedder(late_interaction_model, vdr_pool_factor=3)
    before, after = whole(pages(UPRIGHT))[0], third(pages(UPRIGHT))[0]
    assert len(before) // 4 < len(after) <= len(before) // 3
    assert is_unit(after)
    assert np.allclose(after, pool(before, 3), atol=1e-5)
    assert third.space.endswith("/fp32/split-256/pool-3")


def test_splitting_and_edge_decide_the_number_of_vectors(late_interaction_model: Path) -> None:
    split, smaller, whole = (
        embedder(late_interaction_model, **fields)
        for fields in ({}, {"vdr_longest_edge": 128}, {"vdr_image_splitting": False})
    )
    counts = [len(model(pages(UPRIGHT))[0]) for model in (split, smaller, whole)]
    assert counts[0] - counts[1] >= (13 - 5) * TOKENS_PER_TILE
    assert counts[1] - counts[2] >= (5 - 1) * TOKENS_PER_TILE
    names = [model.space.split("/")[2] for model in (split, smaller, whole)]
    assert names == ["split-256", "split-128", "whole-64"]


def test_a_bi_encoder_gives_one_vector(pooled_model: Path) -> None:
    model = embedder(pooled_model)
    vectors = model(pages(UPRIGHT, SQUARE))
    assert (model.dimensions, model.encoding, model.needs_images) == (64, "float16", True)
    assert [page.shape for page in vectors] == [(1, 64), (1, 64)]
    assert all(is_unit(page) for page in (*vectors, model.embed_query("city")))
    assert float(vectors[0][0] @ vectors[1][0]) < 0.99999


@pytest.mark.parametrize("family", ["late_interaction_model", "pooled_model"])
def test_bf16_is_near_fp32_and_another_space(family: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(family)
    exact, coarse = embedder(folder), embedder(folder, vdr_precision="bf16")
    cosines = (exact(pages(UPRIGHT))[0] * coarse(pages(UPRIGHT))[0]).sum(axis=1)
    assert cosines.mean() > 0.99
    assert (exact.space.split("/")[1], coarse.space.split("/")[1]) == ("fp32", "bf16")


def test_two_models_of_one_name_are_two_spaces(late_interaction_model: Path, tmp_path: Path) -> None:
    other = tiny_models.save_late_interaction(tmp_path / late_interaction_model.name, seed=9)
    ours, theirs = embedder(late_interaction_model).space, embedder(other).space
    assert ours != theirs
    assert ours.split("@")[0] == theirs.split("@")[0] == "tiny-col"


def test_a_folder_moved_is_the_same_space(late_interaction_model: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / late_interaction_model.name
    moved.parent.mkdir()
    moved.symlink_to(late_interaction_model)
    assert embedder(moved).space == embedder(late_interaction_model).space


def test_an_embedder_is_loaded_once(pooled_model: Path) -> None:
    assert embedder(pooled_model) is embedder(pooled_model, log_level="DEBUG")


def test_a_page_without_its_image_is_a_mistake(pooled_model: Path) -> None:
    with pytest.raises(ValueError, match="without its image"):
        embedder(pooled_model)([PageInput(1, None, "text")])


def test_no_pages_have_no_vectors(pooled_model: Path) -> None:
    assert embedder(pooled_model)([]) == []
