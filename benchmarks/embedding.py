"""Embedding speed: the packaged int8 model against the same weights in fp32, and against what the processor can do.

    RAG_EVAL_DATA=… python -m benchmarks.embedding [--chunks 400]

Arithmetic of all-MiniLM-L6-v2 a token of a chunk of t tokens: 6 layers x (4 x 384² + 2 x 384 x 1536) multiply-adds for
the weights and 6 x 2 x 384 x t for attention, two operations each. The bound takes the rate of large fp32 products
(the better of NumPy's and torch's) four times, as VNNI does four int8 products in place of one of fp32; everything
but matrix products is free in it.
"""

import argparse
import json
import time

import numpy as np

from benchmarks import machine, peer_environment
from core.settings import Settings
from rag.embed import TextEmbedder, text_embedder

TOKENS = 254  #: with the two special tokens 256, the longest chunk and the peer's limit
INT8_GAIN = 4  #: int8 products for one fp32 product in a vector register
LAYERS, WIDTH, HIDDEN = 6, 384, 1536


def gflop(tokens: int) -> float:
    """Operations to embed a chunk of so many tokens, in 10^9."""
    weights = LAYERS * (4 * WIDTH**2 + 2 * WIDTH * HIDDEN)
    attention = LAYERS * 2 * WIDTH * tokens
    return 2 * tokens * (weights + attention) / 1e9


def sample(embedder: TextEmbedder, wanted: int) -> list[str]:
    """Chunks of equal length from a judged collection's abstracts, joined and cut."""
    path = machine.evaluation_data() / "retrieval" / "scifact" / "corpus.jsonl"
    rest = " ".join(json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()[: 2 * wanted])
    ends = [end for _, end in embedder.tokenizer.offsets(rest)][TOKENS - 1 :: TOKENS]
    starts = [0, *ends]
    return [rest[start:end] for start, end in zip(starts, ends, strict=False)][:wanted]


def ours(embedder: TextEmbedder, texts: list[str]) -> float:
    """Seconds for all texts."""
    embedder(texts[:8])
    begun = time.perf_counter()
    embedder(texts)
    return time.perf_counter() - begun


def product_gflops(size: int = 2048, repeats: int = 5) -> float:
    """The best rate of some products of square float32 matrices by NumPy, in GFLOP/s."""
    matrix = np.random.default_rng(1).random((size, size), dtype=np.float32)
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - begun)
    return 2 * size**3 / min(seconds) / 1e9


def query_milliseconds(embedder: TextEmbedder, repeats: int = 50) -> float:
    """The median time of a short query."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        embedder.embed_query("how do I reset my password")
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=400)
    wanted = parser.parse_args().chunks
    about = machine.describe()
    embedder = text_embedder(Settings())
    texts = sample(embedder, wanted)
    seconds = ours(embedder, texts)
    peer = peer_environment.run("embed", stdin=json.dumps(texts))
    cosines = (np.array(peer["sample"]) * embedder(texts[:50])).sum(axis=1)  # (50,)
    chunk, product = gflop(TOKENS + 2), max(peer["gflops"], product_gflops())
    rates = {
        "packaged int8 ONNX": len(texts) / seconds,
        "sentence-transformers fp32": len(texts) / peer["seconds"],
        "fp32 matrix products alone": product / chunk,
        "bound: int8 matrix products alone": INT8_GAIN * product / chunk,
    }
    slowest = rates["sentence-transformers fp32"]
    rows = [[name, f"{rate:.1f}", f"{rate * chunk:.0f}", f"{rate / slowest:.1f}"] for name, rate in rates.items()]
    columns = ["", "chunks/s", "GFLOP/s", "times the peer"]
    notes = [
        f"a short query: {query_milliseconds(embedder):.1f} ms",
        f"cosine of int8 with fp32: mean {cosines.mean():.4f}, least {cosines.min():.4f}",
    ]
    machine.show(f"Embedding {len(texts)} chunks of {TOKENS + 2} tokens", about, columns, rows, notes)


if __name__ == "__main__":
    main()
