"""The embedder for transformers models; its tests with a model run where torch is installed."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import SettingsError
from core.settings import Settings
from rag.embed import PACKAGED_MODEL, TextEmbedder, text_embedder

INSTALLED = bool(find_spec("torch") and find_spec("transformers"))
TEXTS = ["one", "a longer text about several things", "one two", "", "word " * 80]


@pytest.mark.skipif(INSTALLED, reason="torch and transformers are installed")
def test_without_torch_the_setting_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"TEXT_EMBEDDING_MODEL.*not installed"):
        text_embedder(Settings(text_embedding_model=str(tmp_path)))


def tiny_model(folder: Path, pooling: str) -> TextEmbedder:
    """A BERT of random weights with the packaged tokenizer."""
    import torch  # noqa: PLC0415
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast  # noqa: PLC0415

    torch.manual_seed(1)
    sizes: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    BertModel(BertConfig(vocab_size=30522, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    shutil.copy(PACKAGED_MODEL / "tokenizer.json", folder)
    special = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    tokenizer: Any = PreTrainedTokenizerFast
    tokenizer(tokenizer_file=str(folder / "tokenizer.json"), **special).save_pretrained(folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({pooling: True}))
    return text_embedder(Settings(text_embedding_model=str(folder)))


@pytest.mark.skipif(not INSTALLED, reason="torch and transformers are not installed")
@pytest.mark.parametrize("pooling", ["pooling_mode_mean_tokens", "pooling_mode_cls_token", "pooling_mode_lasttoken"])
def test_a_folder_is_loaded_and_pooled_as_it_says(tmp_path: Path, pooling: str) -> None:
    embedder = tiny_model(tmp_path, pooling)
    vectors = embedder(TEXTS)  # (n, d)
    alone = np.stack([embedder.embed_query(text) for text in TEXTS])  # (n, d)
    assert (embedder.space, embedder.dimensions, embedder.max_tokens) == (f"{tmp_path.name}/fp32", 32, 62)
    assert np.allclose(vectors, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.skipif(not INSTALLED, reason="torch and transformers are not installed")
def test_an_unknown_pooling_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pooling"):
        tiny_model(tmp_path, "pooling_mode_max_tokens")


@pytest.mark.skipif(not INSTALLED, reason="torch and transformers are not installed")
def test_a_folder_without_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TEXT_EMBEDDING_MODEL"):
        text_embedder(Settings(text_embedding_model=str(tmp_path)))
