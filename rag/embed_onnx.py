"""Embed with a local ONNX model: each text alone, several texts at a time.

No batches, on purpose. A batch pads its texts to the longest, and an int8 graph scales its activations over the whole
batch, so that a text's vector depends on its neighbours. Alone, equal texts have equal vectors, nothing is padded, and
one text on each processor is a third faster than batches of 16 on all of them (benchmarks/embedding.py).
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding

from core import logs
from core.errors import SettingsError
from rag.embed_tokens import TextTokenizer, load

DEFAULT_MAX_TOKENS = 512


class OnnxEmbedder:
    """The model in a folder with ``model.onnx`` and ``tokenizer.json``.

    ``config.json`` may give ``name``, ``precision`` and ``max_tokens`` (or, as transformers writes it,
    ``max_position_embeddings``). A graph that gives one state a token gets mean pooling; vectors are L2-normalised
    here in any case.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        config = _config(folder / "config.json")
        limit = int(config.get("max_tokens") or config.get("max_position_embeddings") or DEFAULT_MAX_TOKENS)
        self.space = f"{config.get('name') or folder.resolve().name}/{config.get('precision') or 'onnx'}"
        self.tokenizer = TextTokenizer(folder / "tokenizer.json")
        self.max_tokens = limit - self.tokenizer.special_tokens
        self._encode = _cutting(folder / "tokenizer.json", limit)
        self._threads = threads or os.cpu_count() or 1
        self._session = _session(folder / "model.onnx")
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self.dimensions = int(self.embed_query("dimensions").shape[0])

    def __call__(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The L2-normalised vectors (n, d) of the texts, in their order."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)  # (n, d)
        longest_first = sorted(range(len(texts)), key=lambda index: -len(texts[index]))  # so that threads end together
        cut = 0
        with ThreadPoolExecutor(self._threads) as pool:
            # No name for the iterator: when progress raises, it goes out of reach, which cancels the texts not begun.
            for done, (vector, whole) in enumerate(pool.map(self._embed, (texts[i] for i in longest_first)), start=1):
                vectors[longest_first[done - 1]] = vector
                cut += not whole
                if progress:
                    progress(done)
        if cut:
            logs.warning("Texts cut to the model's limit before embedding", texts=cut, max_tokens=self.max_tokens)
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The L2-normalised vector (d,) of a query."""
        return self._embed(text)[0]

    def _embed(self, text: str) -> tuple[NDArray[np.float32], bool]:
        """The vector (d,) of a text, and whether the text was read to its end."""
        encoding = self._encode(text)
        ids = np.array([encoding.ids], dtype=np.int64)  # (1, t)
        offered = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {name: offered[name] for name in self._inputs})[0][0]  # (d,) or (t, d)
        vector = output.mean(axis=0) if output.ndim == 2 else output  # (d,)
        return vector / np.linalg.norm(vector), not encoding.overflowing


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise SettingsError(f"the text model's {path} is not JSON") from error
    return dict(config)


def _cutting(path: Path, limit: int) -> Callable[[str], Encoding]:
    """Encode with special tokens, cutting at the model's limit."""
    tokenizer = load(path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return tokenizer.encode


def _session(path: Path) -> Any:
    """One thread a run, as texts run side by side; raises SettingsError for a file that is no model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: the others would go to a handler's stderr
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The fused operator is ten times slower than an addition and a LayerNormalization (onnxruntime 1.31, CPU).
    options.add_session_config_entry("optimization.disable_specified_optimizers", "SkipLayerNormFusion")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the engine's errors share no base class
        raise SettingsError(f"the text model {path} cannot be loaded") from error
