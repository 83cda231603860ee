"""The packaged model, and which model the settings choose."""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import SettingsError
from core.settings import Settings
from rag.embed import PACKAGED_MODEL, TextEmbedder, text_embedder
from rag.embed_tokens import TextTokenizer

REFERENCE = json.loads((Path(__file__).parent / "text_model_reference.json").read_text("utf-8"))
TEXTS: list[str] = REFERENCE["texts"]


@pytest.fixture(scope="module")
def embedder() -> TextEmbedder:
    return text_embedder(Settings())


def test_packaged_files_are_the_described_ones() -> None:
    config = json.loads((PACKAGED_MODEL / "config.json").read_text("utf-8"))
    model = (PACKAGED_MODEL / "model.onnx").read_bytes()
    assert hashlib.sha256(model).hexdigest() == config["model_sha256"]
    assert (config["name"], config["precision"], config["dimensions"]) == ("all-MiniLM-L6-v2", "int8", 384)
    tokenizer = json.loads((PACKAGED_MODEL / "tokenizer.json").read_text("utf-8"))
    assert tokenizer["truncation"] is None and tokenizer["padding"] is None


def test_vectors_are_close_to_those_of_the_fp32_weights(embedder: TextEmbedder) -> None:
    vectors = embedder(TEXTS)  # (n, d)
    exact = np.array(REFERENCE["vectors"], dtype=np.float32)  # (n, d)
    cosines = (vectors * exact).sum(axis=1)  # (n,)
    assert vectors.shape == (len(TEXTS), embedder.dimensions) and vectors.dtype == np.float32
    assert cosines.min() >= 0.96, dict(zip(TEXTS, cosines, strict=True))


def test_vectors_have_length_one(embedder: TextEmbedder) -> None:
    assert np.allclose(np.linalg.norm(embedder(TEXTS), axis=1), 1, atol=1e-5)


def test_a_vector_depends_on_its_own_text_only(embedder: TextEmbedder) -> None:
    shuffled = TEXTS[::2] + TEXTS[::-2]
    together = dict(zip(shuffled, embedder(shuffled), strict=True))
    for text in TEXTS:
        assert np.array_equal(together[text], embedder([text])[0])
        assert np.array_equal(together[text], embedder.embed_query(text))


def test_no_texts_give_no_vectors(embedder: TextEmbedder) -> None:
    assert embedder([]).shape == (0, embedder.dimensions)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "\u202e\ufeff", "🦀" * 3000], ids=ascii)
def test_any_text_has_a_vector(embedder: TextEmbedder, text: str) -> None:
    assert np.isfinite(embedder([text])).all()


def test_a_text_past_the_limit_is_cut_and_logged(embedder: TextEmbedder, caplog: pytest.LogCaptureFixture) -> None:
    whole = "token " * embedder.max_tokens
    assert embedder.tokenizer.count([whole]) == [embedder.max_tokens]
    vectors = embedder([whole, whole + "and more that is not read"])  # (2, d)
    assert np.array_equal(vectors[0], vectors[1])
    assert [(record.levelname, vars(record)["texts"]) for record in caplog.records] == [("WARNING", 1)]


def test_progress_counts_texts_to_the_last(embedder: TextEmbedder) -> None:
    seen: list[int] = []
    embedder(TEXTS, seen.append)
    assert seen == list(range(1, len(TEXTS) + 1))


def test_an_error_in_progress_stops_the_work(embedder: TextEmbedder) -> None:
    def cancel(done: int) -> None:
        raise InterruptedError

    begun = time.perf_counter()
    embedder(TEXTS * 10)
    patience = time.perf_counter() - begun
    begun = time.perf_counter()
    with pytest.raises(InterruptedError):
        embedder(TEXTS * 100, cancel)
    assert time.perf_counter() - begun < patience


def test_offsets_are_characters_of_the_text() -> None:
    tokenizer = TextTokenizer(PACKAGED_MODEL / "tokenizer.json")
    text = "Größe: 12 µm, 黑豹队 😀 done"
    words = [text[start:end] for start, end in tokenizer.offsets(text)]
    assert {"黑", "豹", "队", "😀", "done", "12"} <= set(words)
    assert tokenizer.count([text]) == [len(words)]


def test_cut_keeps_whole_tokens() -> None:
    tokenizer = TextTokenizer(PACKAGED_MODEL / "tokenizer.json")
    assert tokenizer.cut("one two three", 2) == "one two"
    assert tokenizer.cut("one two three", 3) == "one two three"


def test_another_onnx_folder_is_a_space_of_its_own(tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copy(PACKAGED_MODEL / name, tmp_path)
    (tmp_path / "config.json").write_text('{"name": "mine", "precision": "q8", "max_tokens": 128}')
    other = text_embedder(Settings(text_embedding_model=str(tmp_path)))
    assert (other.space, other.max_tokens, other.dimensions) == ("mine/q8", 126, 384)


@pytest.mark.parametrize(
    ("name", "content"), [("model.onnx", b"not a model"), ("tokenizer.json", b"{}"), ("config.json", b"{")]
)
def test_a_broken_folder_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    for original in ("model.onnx", "tokenizer.json", "config.json"):
        shutil.copy(PACKAGED_MODEL / original, tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=name):
        text_embedder(Settings(text_embedding_model=str(tmp_path)))


def test_a_missing_packaged_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TEXT_MODEL_PATH"):
        text_embedder(Settings(text_model_path=str(tmp_path)))


def test_importing_loads_no_engine() -> None:
    program = "import sys, rag.embed; print(sorted({'onnxruntime', 'torch', 'boto3'} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=PACKAGED_MODEL.parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
