"""Query latency at 100,000 chunks: for an owner of 1,000 of them and for the owner of all the others.

    RAG_EVAL_DATA=… python -m benchmarks.query_latency [--chunks 100000] [--owned 1000] [--queries 100]

Measured: `search.hybrid.search` (embedding, both arms, fusion, passages) and snippets, as the handler runs them, for
one client, warm. Peer: the same arms in memory (rank_bm25 with Lucene's IDF over the owner's chunks, and a product with
their vectors), without tenants, transactions or text. Bound: an empty transaction, the bare round trip to the server.
Loading takes two to three minutes.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import closing

import numpy as np
from rank_bm25 import BM25Okapi

from benchmarks import machine
from benchmarks.database import Database, throwaway_database
from benchmarks.query_corpus import chunk_texts, load, queries, vectors
from core.database import connect, transaction
from core.settings import Settings
from rag.embed import text_embedder
from rag.terms import terms
from search import answers, hybrid
from search.models import QueryRequest

OWNERS = SMALL, LARGE = "user:small", "user:large"
PEER_LIMIT = 20_000  #: of chunks; rank_bm25 needs about 20 kB for each


class LuceneBM25(BM25Okapi):  # type: ignore[misc]
    """rank_bm25 with the IDF that Lucene and this project use."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        for word, frequency in nd.items():
            self.idf[word] = np.log(1 + (self.corpus_size - frequency + 0.5) / (frequency + 0.5))


def milliseconds(run: Callable[[str], object], asked: list[str]) -> tuple[str, str, str]:
    """Median, 95th percentile and longest time of one query, each printed."""
    for text in asked[:10]:
        run(text)
    taken = []
    for text in asked:
        begun = time.perf_counter()
        run(text)
        taken.append(1000 * (time.perf_counter() - begun))
    return f"{np.median(taken):.1f}", f"{np.percentile(taken, 95):.1f}", f"{max(taken):.1f}"


def peer(number: int, seed: int) -> Callable[[str], object]:
    """A hybrid search over the same chunks in this process's memory, fused with equal weights."""
    bm25 = LuceneBM25([terms(text, "en") for text in chunk_texts(number, seed)])
    matrix, embedder = vectors(number, seed), text_embedder(Settings())  # (number, d)

    def run(text: str) -> object:
        words = bm25.get_scores(sorted(set(terms(text, "en"))))  # (number,)
        similarities = matrix @ embedder.embed_query(text)  # (number,)
        return np.argsort(-(words / max(words.max(), 1e-9) + similarities))[:10]

    return run


def measured(benchmark: Database, asked: list[str]) -> list[tuple[str, ...]]:
    """The rows of the table that come from the database."""
    embedder, settings = text_embedder(Settings()), benchmark.settings
    password = benchmark.application.info.password
    with closing(connect(settings, lambda: password, read_only=True)) as database:

        def empty(_text: str) -> None:
            with transaction(database, [SMALL]) as cursor:
                cursor.execute("SELECT 1")

        def ask(owner: str, mode: str) -> Callable[[str], object]:
            def run(text: str) -> object:
                request = QueryRequest.model_validate({"query": text, "search_mode": mode})
                hits = hybrid.search(database, [owner], answers.question(request), embedder, settings)
                return answers.response(request, hits, 0.0, str)

            return run

        rows: list[tuple[str, ...]] = [("bound: an empty transaction", *milliseconds(empty, asked))]
        for owner in OWNERS:
            for mode in ("hybrid", "sparse", "dense"):
                rows.append((f"{owner}, {mode}", *milliseconds(ask(owner, mode), asked)))
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--owned", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=100)
    wanted = parser.parse_args()
    asked, embedder = queries(wanted.queries), text_embedder(Settings())
    sizes = (wanted.owned, wanted.chunks)
    with throwaway_database() as benchmark:
        begun = time.perf_counter()
        load(benchmark, list(zip(OWNERS, sizes, strict=True)), embedder.space)
        seconds = time.perf_counter() - begun
        about = machine.describe()
        rows = measured(benchmark, asked)
    rows.insert(0, ("embedding alone", *milliseconds(embedder.embed_query, asked)))
    for seed, (owner, number) in enumerate(zip(OWNERS, sizes, strict=True)):
        if number <= PEER_LIMIT:
            rows.append((f"peer in memory, {owner}", *milliseconds(peer(number, seed), asked)))
    title = f"Query over {sum(sizes)} chunks, ms (loaded in {seconds:.0f} s)"
    machine.show(title, about, ["what", "p50", "p95", "max"], rows)


if __name__ == "__main__":
    main()
