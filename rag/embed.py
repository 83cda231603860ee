"""Embed: texts to vectors, by the packaged model or by the one that the settings name.

Vectors carry the name of their space (model and precision); vectors of different spaces are never compared.
Importing this file loads no model and no engine; ``text_embedder`` does.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import SettingsError
from core.settings import Settings
from rag.api_keys import api_key
from rag.embed_tokens import TextTokenizer

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]  #: called with the number of texts embedded so far, from the caller's thread

PACKAGED_MODEL = Path(__file__).resolve().parents[1] / "layers" / "text-model"


class TextEmbedder(Protocol):
    """A text model, loaded: embeds as many texts as it is given, in one call."""

    space: str  #: name of the vector space, such as ``all-MiniLM-L6-v2/int8``
    max_tokens: int  #: longest text that is read to its end, in tokens of the tokenizer
    tokenizer: TextTokenizer  #: the model's own, or for an endpoint the packaged model's as an estimate

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def __call__(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """The L2-normalised vectors (n, d) of the texts, in their order; a longer text is cut, and the log says so."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The L2-normalised vector (d,) of a query."""
        ...


def text_embedder(settings: Settings) -> TextEmbedder:
    """The embedder that the settings describe, loaded once in a process.

    Raises SettingsError when the model cannot be loaded; another model is never taken in its place.
    """
    if settings.text_embedding_endpoint:
        return _endpoint(settings)
    return _local(settings.text_embedding_model, settings.text_model_path, settings.text_embedding_threads)


@cache
def _endpoint(settings: Settings) -> TextEmbedder:
    from rag.embed_endpoint import EndpointEmbedder  # noqa: PLC0415

    return EndpointEmbedder(
        base_url=settings.text_embedding_endpoint,
        model=settings.need("text_embedding_model"),
        tokenizer=TextTokenizer(_packaged(settings.text_model_path) / "tokenizer.json"),
        max_tokens=settings.text_embedding_max_tokens,
        dimensions=settings.text_embedding_dimensions,
        api_key=api_key(settings.text_embedding_api_key_secret),
    )


@cache
def _local(model: str, packaged: str, threads: int) -> TextEmbedder:
    if not model:
        return _onnx(_packaged(packaged), threads)
    if (Path(model) / "model.onnx").is_file():
        return _onnx(Path(model), threads)
    from rag.embed_transformers import TransformersEmbedder  # noqa: PLC0415

    return TransformersEmbedder(model, threads)


def _onnx(folder: Path, threads: int) -> TextEmbedder:
    from rag.embed_onnx import OnnxEmbedder  # noqa: PLC0415

    return OnnxEmbedder(folder, threads)


def _packaged(path: str) -> Path:
    folder = Path(path) if path else PACKAGED_MODEL
    if not (folder / "model.onnx").is_file():
        raise SettingsError(f"setting TEXT_MODEL_PATH: there is no text model in {folder}")
    return folder
