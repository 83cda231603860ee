"""Tiny models of random weights of the larger families of late interaction."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import (
    ColPaliConfig,
    ColPaliForRetrieval,
    ColPaliProcessor,
    ColQwen2Config,
    ColQwen2ForRetrieval,
    ColQwen2Processor,
    PaliGemmaConfig,
    Qwen2VLConfig,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from benchmarks.random_page_model import SPECIAL, tokenizer

TEXT = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), 0),
}
DIMENSIONS = 32


def save_colpali(folder: Path) -> tuple[Any, Any]:
    """A ColPali and its processor, also in a folder: pages of 64 pixels, 16 patches."""
    torch.manual_seed(4)
    tokens = tokenizer()
    tokens.bos_token = SPECIAL[2]
    images: Any = SiglipImageProcessorPil(size={"height": 64, "width": 64})
    images.image_seq_length = 16
    processor = ColPaliProcessor(images, tokens)
    vision = {"model_type": "siglip_vision_model", "image_size": 64, "patch_size": 16, "vision_use_head": False}
    config = PaliGemmaConfig(
        text_config={"model_type": "gemma", "vocab_size": len(tokens), "num_key_value_heads": 1, "head_dim": 16} | TEXT,
        vision_config=vision | {name: size for name, size in TEXT.items() if not name.endswith("_id")},
        image_token_index=tokens.convert_tokens_to_ids("<image>"),
        projection_dim=64,
    )
    return _saved(ColPaliForRetrieval(ColPaliConfig(vlm_config=config, embedding_dim=DIMENSIONS)), processor, folder)


def save_colqwen2(folder: Path) -> tuple[Any, Any]:
    """A ColQwen2 and its processor, also in a folder: pages of at most 64 squares of 28 pixels, a vector each."""
    torch.manual_seed(5)
    tokens = tokenizer()
    roles = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    tokens.add_special_tokens({"additional_special_tokens": [*roles.values(), "<|im_start|>", "<|im_end|>"]})
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 64})
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2, "patch_size": 14}
    config = Qwen2VLConfig(
        text_config={"vocab_size": len(tokens), "num_key_value_heads": 2, "rope_parameters": rope} | TEXT,
        vision_config=vision,
        **{role: tokens.convert_tokens_to_ids(token) for role, token in roles.items()},
    )
    model = ColQwen2ForRetrieval(ColQwen2Config(vlm_config=config, embedding_dim=DIMENSIONS))
    return _saved(model, ColQwen2Processor(images, tokens), folder)


def _saved(model: Any, processor: Any, folder: Path) -> tuple[Any, Any]:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return model.eval(), processor


FAMILIES: Mapping[str, Any] = {"colpali": save_colpali, "colqwen2": save_colqwen2}
