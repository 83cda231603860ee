"""How well queries find what judges say they should: judged collections and page questions, beside a plain peer.

    RAG_EVAL_DATA=… python -m benchmarks.retrieval [--collections scifact,cisi] [--no-pages]

Ours: `evaluation`, that is the real chunker, model, store and search on a PostgreSQL of its own.
Peer: rank_bm25 as it comes (lower-case words), one vector a document from the same model, and reciprocal rank fusion.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from rich.progress import Progress, TaskID

from benchmarks import machine
from benchmarks.database import Database, throwaway_database
from evaluation import collection, pages, retrieval
from evaluation.collection import Collection
from evaluation.measures import measure
from rag.embed import TextEmbedder, text_embedder

DEPTH = 100
RRF_K = 60
PAGE_FILES = ("developers-reference.pdf", "octave.pdf")  #: the two manuals; the other files are slides


class Bars:
    """One bar for each thing that is being done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done)


def peer(judged: Collection, embedder: TextEmbedder) -> dict[str, dict[str, float]]:
    """nDCG@10 and recall@100 of the plain arms and of their fusion."""
    whole = (f"{entry.title} {entry.text}" for entry in judged.entries)
    texts = [embedder.tokenizer.cut(text, embedder.max_tokens) for text in whole]
    bm25 = BM25Okapi([words(text) for text in texts])
    matrix = embedder(texts)  # (documents, d)
    rankings: dict[str, dict[str, list[str]]] = {"peer dense": {}, "peer sparse": {}, "peer RRF": {}}
    for query in judged.queries:
        dense = best(matrix @ embedder.embed_query(query.text))
        sparse = best(bm25.get_scores(words(query.text)))
        orders = {"peer dense": dense, "peer sparse": sparse, "peer RRF": fused(dense, sparse)}
        for name, order in orders.items():
            rankings[name][query.id] = [judged.entries[place].id for place in order]
    return {name: measure(judged.judgements, ranked) for name, ranked in rankings.items()}


def best(scores: NDArray[np.floating[Any]]) -> list[int]:
    """The places of the highest scores (documents,), the best first."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:DEPTH]]


def words(text: str) -> list[str]:
    """As the examples of rank_bm25 split a text, without punctuation."""
    return re.findall(r"\w+", text.lower())


def fused(*orders: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion of the best of each order."""
    scores: dict[int, float] = {}
    for order in orders:
        for rank, place in enumerate(order, start=1):
            scores[place] = scores.get(place, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda place: -scores[place])[:DEPTH]


def compare(directory: Path, database: Database, bars: Bars) -> dict[str, dict[str, float]]:
    """Our modes and the peer on one collection."""
    ours = retrieval.run(directory, database.application, database.settings, progress=bars)
    return ours | peer(collection.read(directory), text_embedder(database.settings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", default="", help="names, joined by commas; all without")
    parser.add_argument("--no-pages", action="store_true")
    wanted, data, about = parser.parse_args(), machine.evaluation_data(), machine.describe()
    names = (
        wanted.collections.split(",") if wanted.collections else sorted(p.name for p in (data / "retrieval").iterdir())
    )
    results, found = {}, {}
    with throwaway_database() as database:
        for name in names:
            with Progress(transient=True) as progress:
                results[name] = compare(data / "retrieval" / name, database, Bars(progress))
        if not wanted.no_pages:
            with Progress(transient=True) as progress:
                found = pages.run(
                    data / "pages", database.application, database.settings, files=PAGE_FILES, progress=Bars(progress)
                )
    show("nDCG@10 (recall@100)", about, results)
    if found:
        rows = [[mode, *(f"{value:.2f}" for value in values.values())] for mode, values in found.items()]
        machine.show(f"Pages of {' and '.join(PAGE_FILES)}", about, ["mode", *next(iter(found.values()))], rows)


def show(title: str, about: str, results: dict[str, dict[str, dict[str, float]]]) -> None:
    """Modes down, collections across."""
    modes = next(iter(results.values()))
    rows = [
        [mode, *(f"{values[mode]['ndcg@10']:.3f} ({values[mode]['recall@100']:.2f})" for values in results.values())]
        for mode in modes
    ]
    machine.show(title, about, ["mode", *results], rows)


if __name__ == "__main__":
    main()
