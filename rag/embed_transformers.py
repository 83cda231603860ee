"""Embed with a transformers model: a local folder or a hub name, where torch is installed."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import logs
from core.errors import SettingsError
from rag.embed_tokens import TextTokenizer

BATCH_TEXTS = 16
LONGEST_TOKENS = 8192  #: models that name no limit get this one
POOLINGS = {"pooling_mode_cls_token": "first", "pooling_mode_mean_tokens": "mean", "pooling_mode_lasttoken": "last"}


class TransformersEmbedder:
    """A model by folder or hub name, pooled as its own ``1_Pooling/config.json`` says (mean without one).

    Raises SettingsError when torch and transformers are missing or the model cannot be loaded.
    """

    def __init__(self, model: str, threads: int = 0) -> None:
        torch, transformers = _libraries()
        if threads:
            torch.set_num_threads(threads)
        try:
            own = transformers.AutoTokenizer.from_pretrained(model)
            self._model = transformers.AutoModel.from_pretrained(model).eval()
            self._pooling = _pooling(transformers, model)
        except (OSError, ValueError) as error:
            raise SettingsError(f"setting TEXT_EMBEDDING_MODEL: {model} cannot be loaded") from error
        limit = min(own.model_max_length, getattr(self._model.config, "max_position_embeddings", LONGEST_TOKENS))
        self._limit = limit
        self._torch, self._own = torch, own
        self.space = f"{Path(model).name}/fp32"
        self.tokenizer = TextTokenizer(_fast(own, model))
        self.max_tokens = limit - self.tokenizer.special_tokens
        self.dimensions = int(self._model.config.hidden_size)

    def __call__(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The L2-normalised vectors (n, d) of the texts, in their order; equal to rounding in any company."""
        counts = self.tokenizer.count(texts)
        cut = sum(count > self.max_tokens for count in counts)
        if cut:
            logs.warning("Texts cut to the model's limit before embedding", texts=cut, max_tokens=self.max_tokens)
        order = sorted(range(len(texts)), key=lambda index: counts[index])
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)  # (n, d)
        for start in range(0, len(order), BATCH_TEXTS):
            batch = order[start : start + BATCH_TEXTS]
            vectors[batch] = self._embed([texts[index] for index in batch])
            if progress:
                progress(start + len(batch))
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector (d,) of a query."""
        return self._embed([text]).reshape(-1)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = self._own(
            texts, return_tensors="pt", padding=True, padding_side="right", truncation=True, max_length=self._limit
        )
        with self._torch.inference_mode():
            states = self._model(**encoded).last_hidden_state  # (b, t, d)
        mask = encoded["attention_mask"].unsqueeze(-1)  # (b, t, 1)
        pooled = self._pool(states, mask)  # (b, d)
        return np.asarray(self._torch.nn.functional.normalize(pooled, dim=1).float().numpy(), dtype=np.float32)

    def _pool(self, states: Any, mask: Any) -> Any:
        """One vector a text: (b, t, d), (b, t, 1) -> (b, d)."""
        if self._pooling == "first":
            return states[:, 0]
        if self._pooling == "last":
            last = mask.sum(1, keepdim=True) - 1  # (b, 1, 1)
            return states.gather(1, last.expand(-1, -1, states.shape[-1]))[:, 0]
        return (states * mask).sum(1) / mask.sum(1)


def _libraries() -> tuple[Any, Any]:
    try:
        import torch  # noqa: PLC0415  absent from the packaged functions
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "setting TEXT_EMBEDDING_MODEL names a transformers model, but torch and transformers are not installed"
        ) from error
    return torch, transformers


def _pooling(transformers: Any, model: str) -> str:
    """How the model's publisher pools; raises SettingsError for a way that is not known here."""
    path = transformers.utils.cached_file(model, "1_Pooling/config.json", _raise_exceptions_for_missing_entries=False)
    if path is None:
        return "mean"
    config = json.loads(Path(path).read_text("utf-8"))
    for key, pooling in POOLINGS.items():
        if config.get(key):
            return pooling
    raise SettingsError(f"setting TEXT_EMBEDDING_MODEL: the pooling of {model} is not supported")


def _fast(own: Any, model: str) -> Any:
    """A copy of the tokenizer that counts characters, which only fast tokenizers do."""
    if not own.is_fast:
        raise SettingsError(f"setting TEXT_EMBEDDING_MODEL: {model} has no fast tokenizer")
    return type(own.backend_tokenizer).from_str(own.backend_tokenizer.to_str())
