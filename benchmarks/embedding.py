"""Embedding speed: the packaged int8 model against the same weights in fp32, and against what the processor can do.

    RAG_EVAL_DATA=… python -m benchmarks.embedding [--chunks 400]

Arithmetic of all-MiniLM-L6-v2 a token of a chunk of t tokens: 6 layers x (4 x 384² + 2 x 384 x 1536) multiply-adds for
the weights and 6 x 2 x 384 x t for attention, two operations each.
"""

import argparse
import json
import time

import numpy as np

from benchmarks import machine, peer_environment
from core.settings import Settings
from rag.embed import TextEmbedder, text_embedder

TOKENS = 254  #: with the two special tokens 256, the longest chunk and the peer's limit
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
    rows = []
    for name, taken in (("packaged int8 ONNX", seconds), ("sentence-transformers fp32", peer["seconds"])):
        rate = len(texts) / taken
        used = rate * gflop(TOKENS + 2)
        rows.append(
            [name, f"{rate:.1f}", f"{used:.0f}", f"{used / peer['gflops']:.2f}", f"{peer['seconds'] / taken:.1f}"]
        )
    bound = peer["gflops"] / gflop(TOKENS + 2)
    rows.append(["bound: fp32 matrix product", f"{bound:.1f}", f"{peer['gflops']:.0f}", "1.00", ""])
    columns = ["model", "chunks/s", "GFLOP/s", "of the fp32 peak", "times the peer"]
    notes = [
        f"a short query: {query_milliseconds(embedder):.1f} ms",
        f"cosine of int8 with fp32: mean {cosines.mean():.4f}, least {cosines.min():.4f}",
    ]
    machine.show(f"Embedding {len(texts)} chunks of {TOKENS + 2} tokens", about, columns, rows, notes)


if __name__ == "__main__":
    main()
