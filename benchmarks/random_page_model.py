"""Page models of random weights with their processors, of the real classes and of any size; tests use small ones.

What such a model finds means nothing; what it costs is what a trained one of its size costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    ColModernVBertConfig,
    ColModernVBertForRetrieval,
    ColModernVBertProcessor,
    ModernVBertConfig,
    PreTrainedTokenizerFast,
)
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

TEXT = ["User: Describe the image. Assistant:", "a chart of revenue by quarter", "how many people live in the city?"]
SPECIAL = [
    *("<|padding|>", "<|endoftext|>", "<|begin_of_text|>", "<image>", "<fake_token_around_image>"),
    *("<end_of_utterance>", "<global-img>"),
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
]


@dataclass(frozen=True)
class Tower:
    """Sizes of one half of a model."""

    width: int
    layers: int
    heads: int
    hidden: int


@dataclass(frozen=True)
class Sizes:
    """Sizes of a ModernVBERT and of its pages; by default those of the published ColModernVBERT (252 M weights)."""

    text: Tower = Tower(768, 22, 12, 1152)
    vision: Tower = Tower(768, 12, 12, 3072)
    vocabulary: int = 50_408
    dimensions: int = 128
    tile: int = 512  #: pixels
    patch: int = 16  #: pixels
    shuffle: int = 4  #: patches of a row and of a column that become one token
    edge: int = 2048  #: pixels of a page's longer side before it is cut into tiles

    @property
    def tile_tokens(self) -> int:
        """Tokens of one tile."""
        return (self.tile // self.patch // self.shuffle) ** 2


def save_late_interaction(folder: Path, sizes: Sizes, seed: int = 1) -> Path:
    """A ColModernVBERT in a folder."""

    def make(config: Any) -> Any:
        return ColModernVBertForRetrieval(ColModernVBertConfig(vlm_config=config, embedding_dim=sizes.dimensions))

    return save(folder, sizes, seed, make)


def save(folder: Path, sizes: Sizes, seed: int, make: Callable[[Any], Any]) -> Path:
    """What ``make`` makes of a configuration, with its processor."""
    torch.manual_seed(seed)
    tokens = tokenizer()
    make(_configuration(sizes, tokens)).save_pretrained(folder)
    images = Idefics3ImageProcessorPil(
        do_image_splitting=True,
        size={"longest_edge": sizes.edge},
        max_image_size={"longest_edge": sizes.tile},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )
    ColModernVBertProcessor(images, tokens, image_seq_len=sizes.tile_tokens).save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    """A byte-level tokenizer that owns the tokens of the processor."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator(TEXT, trainer)
    roles = dict(zip(("pad_token", "eos_token"), SPECIAL, strict=False))
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=trained, extra_special_tokens=SPECIAL[2:], model_max_length=8192, **roles)


def _configuration(sizes: Sizes, tokens: Any) -> Any:
    roles = ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")
    text = {"model_type": "modernbert", "vocab_size": max(sizes.vocabulary, len(tokens))}
    vision = {"model_type": "siglip_vision_model", "image_size": sizes.tile, "patch_size": sizes.patch}
    return ModernVBertConfig(
        text_config=text | _tower(sizes.text) | dict.fromkeys(roles, tokens.pad_token_id),
        vision_config=vision | _tower(sizes.vision),
        image_token_id=tokens.convert_tokens_to_ids("<image>"),
        pixel_shuffle_factor=sizes.shuffle,
    )


def _tower(tower: Tower) -> dict[str, int]:
    return {
        "hidden_size": tower.width,
        "num_hidden_layers": tower.layers,
        "num_attention_heads": tower.heads,
        "intermediate_size": tower.hidden,
    }
