"""Page models that cannot be loaded are refused by the name of the setting; nothing stands in for them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from core.errors import SettingsError
from core.settings import Settings
from tests.vdr import tiny_models
from vdr.embed import PageInput, page_embedder


def load(folder: Path | str, **fields: Any) -> Any:
    return page_embedder(Settings(vdr_model_name=str(folder), **fields))


@pytest.fixture
def copy(late_interaction_model: Path, tmp_path: Path) -> Path:
    """A tiny ColModernVBERT to damage."""
    return shutil.copytree(late_interaction_model, tmp_path / "copy")


def change_config(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_weights(folder: Path, **tensors: torch.Tensor | None) -> None:
    path = folder / "model.safetensors"
    found = {**load_file(path), **tensors}
    save_file({name: tensor for name, tensor in found.items() if tensor is not None}, path, {"format": "pt"})


PROJECTION = "embedding_proj_layer.weight"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME.*nowhere"):
        load(tmp_path / "nowhere")


def test_a_hub_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME: some-owner/some-model"):
        load("some-owner/some-model")


def test_a_name_that_is_none() -> None:
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load("no such/name/at all")
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load("")


def test_a_model_of_another_type(copy: Path) -> None:
    change_config(copy, model_type="bert")
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME.*type bert"):
        load(copy)


def test_a_language_model_that_finds_no_pages(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME.*MaskedLM"):
        load(tiny_models.save_language_model(tmp_path / "mlm"))


@pytest.mark.parametrize("lost", ["model.safetensors", "config.json", "tokenizer.json", "processor_config.json"])
def test_a_folder_that_lacks_a_file(copy: Path, lost: str) -> None:
    (copy / lost).unlink()
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load(copy)


def test_weights_that_lack_a_tensor(copy: Path) -> None:
    change_weights(copy, **{PROJECTION: None})
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME.*1 of its weights"):
        load(copy)


def test_weights_of_another_shape(copy: Path) -> None:
    change_weights(copy, **{PROJECTION: torch.zeros(16, 64)})
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load(copy)


def test_weights_cut_short(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load(copy)


@pytest.mark.parametrize("dimensions", [0, -3, 5000, "many"])
def test_dimensions_that_make_no_sense(copy: Path, dimensions: Any) -> None:
    change_config(copy, embedding_dim=dimensions)
    with pytest.raises(SettingsError, match="VDR_MODEL_NAME"):
        load(copy)


def test_weights_that_are_not_numbers(copy: Path) -> None:
    change_weights(copy, **{PROJECTION: torch.full((32, 64), torch.nan)})
    with pytest.raises(SettingsError, match=r"VDR_MODEL_NAME.*not numbers"):
        load(copy)([PageInput(1, tiny_models.page(1), "")])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("vdr_device", "tpu"),
        ("vdr_precision", "int8"),
        ("vdr_pool_factor", 0),
        ("vdr_longest_edge", 8),
        ("vdr_longest_edge", 500),
        ("vdr_longest_edge", -1),
    ],
)
def test_settings_that_make_no_sense(late_interaction_model: Path, setting: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=setting.upper()):
        load(late_interaction_model, **{setting: value})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(late_interaction_model: Path) -> None:
    with pytest.raises(SettingsError, match="VDR_DEVICE"):
        load(late_interaction_model, vdr_device="cuda")
