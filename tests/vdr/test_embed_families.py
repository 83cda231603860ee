"""ColPali and ColQwen2 by the same code: what they give is what transformers gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.settings import Settings
from tests.vdr import tiny_models
from tests.vdr.other_families import DIMENSIONS, FAMILIES
from vdr.embed import PageInput, page_embedder

SIZES = [(310, 400), (400, 250)]
PAGES = [PageInput(number, tiny_models.page(number, size), "") for number, size in enumerate(SIZES, start=1)]


def load(folder: Path, **fields: Any) -> Any:
    return page_embedder(Settings(vdr_model_name=str(folder), vdr_pool_factor=1, **fields))


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_transformers(family: str, tmp_path: Path) -> None:
    model, processor = FAMILIES[family](tmp_path / family)
    embedder = load(tmp_path / family)
    with torch.inference_mode():
        query = model(**processor.process_queries(["city"])).embeddings[0].numpy()
        pages = [model(**processor.process_images([page.image])).embeddings[0].numpy() for page in PAGES]
    assert (embedder.dimensions, embedder.encoding) == (DIMENSIONS, "bits")
    assert embedder.space.split("/")[1:] == ["fp32", "whole", "pool-1"]
    assert np.allclose(embedder.embed_query("city"), query, atol=1e-4)
    for ours, theirs in zip(embedder(PAGES), pages, strict=True):
        assert np.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_bf16_is_near_fp32(family: str, tmp_path: Path) -> None:
    FAMILIES[family](tmp_path / family)
    exact, coarse = load(tmp_path / family), load(tmp_path / family, vdr_precision="bf16")
    for one, other in zip(exact(PAGES), coarse(PAGES), strict=True):
        assert (one * other).sum(axis=1).mean() > 0.99


def test_pages_of_a_model_of_any_size_are_shrunk_to_the_edge(tmp_path: Path) -> None:
    FAMILIES["colqwen2"](tmp_path / "any")
    whole, shrunk = load(tmp_path / "any"), load(tmp_path / "any", vdr_longest_edge=150)
    assert len(shrunk(PAGES)[0]) < len(whole(PAGES)[0]) - 30
    assert shrunk.space.split("/")[2] == "edge-150"
