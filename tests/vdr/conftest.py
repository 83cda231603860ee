"""Fixtures of the page-image pipeline: page models of random weights, in folders."""

from pathlib import Path

import pytest

from tests.vdr import tiny_models


@pytest.fixture(scope="session")
def late_interaction_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny ColModernVBERT."""
    return tiny_models.save_late_interaction(tmp_path_factory.mktemp("models") / "tiny-col")


@pytest.fixture(scope="session")
def pooled_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny BiModernVBERT."""
    return tiny_models.save_pooled(tmp_path_factory.mktemp("models") / "tiny-bi")
