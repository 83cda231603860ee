"""Hybrid search equals an independent fusion of independent arms: rank_bm25 and numpy over the same text."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from psycopg2.extensions import connection

from core.database import transaction
from core.settings import Settings
from rag.embed import text_embedder
from search import hybrid, text_arms
from search.question import Question
from search.text_arms import known_languages, known_share
from tests import evaluation_data
from tests.rag.indexing import OWNER, SPACE, put
from tests.rag.reference import bm25_scores, cosines

DEPTH = text_arms.MIN_CANDIDATES


@dataclass(frozen=True)
class Library:
    """Real abstracts and claims, embedded by the real model."""

    texts: list[str]
    vectors: NDArray[np.float32]  # (texts, d)
    queries: list[str]

    def arms(self, query: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Similarity and BM25 (texts,) of every text, by other means than PostgreSQL."""
        return cosines(self.vectors, embedder().embed_query(query)), bm25_scores(self.texts, query)


def embedder() -> Any:
    return text_embedder(Settings())


@pytest.fixture(scope="module")
def embedded() -> Library:
    folder = evaluation_data.folder("retrieval", "scifact")
    lines = (folder / "corpus.jsonl").read_text("utf-8").splitlines()[:150]
    texts = [json.loads(line)["text"][:600] for line in lines]
    queries = [json.loads(line)["text"] for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()[:25]]
    return Library(texts, embedder()(texts), queries)


@pytest.fixture
def library(opened: connection, embedded: Library) -> Library:
    put(opened, embedded.texts, embedded.vectors, total_pages=1, last_page=1)  # one page may be hit many times
    return embedded


@dataclass(frozen=True)
class RealEmbedder:
    """The packaged model, under the name that the tests store vectors by."""

    space: str = SPACE

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return np.asarray(embedder().embed_query(text), np.float32)


def ask(reading: connection, **fields: Any) -> dict[int, float]:
    """Scores of the hits by their place in the library, in order."""
    hits = hybrid.search(reading, [OWNER], Question(**fields), RealEmbedder(), Settings())  # type: ignore[arg-type]
    return {place_of(hit): hit.score for hit in hits}


def place_of(hit: hybrid.Hit) -> int:
    assert hit.chunk_id is not None
    return hit.chunk_id & 0xFFFFF


def top(scores: NDArray[np.float64], depth: int = DEPTH) -> list[int]:
    """The best texts that score above 0, as an arm returns them."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:depth] if scores[place] > 0]


def agree(found: dict[int, float], expected: dict[int, float]) -> bool:
    """Whether hits are the best expected ones with their scores; where scores are equal the order does not matter."""
    best = sorted(expected.values(), reverse=True)[: Question(text="").limit]
    return list(found.values()) == pytest.approx(best, abs=1e-5) and all(
        expected[place] == pytest.approx(score, abs=1e-5) for place, score in found.items()
    )


@pytest.mark.parametrize(("dense_weight", "sparse_weight"), [(0.7, 0.3), (0.5, 0.5), (0.0, 1.0), (1.0, 0.25)])
def test_given_weights(reading: connection, library: Library, dense_weight: float, sparse_weight: float) -> None:
    for query in library.queries:
        dense, sparse = library.arms(query)
        similarity = np.clip((dense - dense.mean()) / (dense.max() - dense.mean()), 0, 1)
        expected = dense_weight * similarity + sparse_weight * sparse / sparse.max()
        candidates = set(top(dense)) | set(top(sparse))
        found = ask(reading, text=query, dense_weight=dense_weight, sparse_weight=sparse_weight)
        assert agree(found, {place: float(expected[place]) for place in candidates})


def test_reciprocal_rank_fusion(reading: connection, library: Library) -> None:
    for query in library.queries:
        expected: dict[int, float] = {}
        for arm in library.arms(query):
            for rank, place in enumerate(top(arm), start=1):
                expected[place] = expected.get(place, 0.0) + 1 / (60 + rank)
        assert agree(ask(reading, text=query, use_rrf=True), expected)


def test_adaptive(reading: connection, library: Library) -> None:
    for query in library.queries:
        dense, sparse = library.arms(query)
        candidates = set(top(dense)) | set(top(sparse))
        ceiling = max(found_idf(library.texts, query), float(sparse.max()))
        expected = 0.6 * np.clip((dense - dense.mean()) / (1 - dense.mean()), 0, 1) + 0.4 * (sparse / ceiling) ** 1.5
        assert agree(ask(reading, text=query), {place: float(expected[place]) for place in candidates})


def found_idf(texts: list[str], query: str) -> float:
    """The IDF of all words of a query that some text holds."""
    from rag.terms import terms  # noqa: PLC0415

    sets = [set(terms(text, "en")) for text in texts]
    frequencies = [sum(word in found for found in sets) for word in set(terms(query, "en"))]
    return float(sum(np.log(1 + (len(texts) - df + 0.5) / (df + 0.5)) for df in frequencies if df))


def test_single_arms(reading: connection, library: Library) -> None:
    for query in library.queries[:10]:
        dense, sparse = library.arms(query)
        assert agree(ask(reading, text=query, mode="dense"), dict(enumerate(dense.tolist())))
        assert agree(ask(reading, text=query, mode="sparse"), dict(enumerate(sparse.tolist())))


def test_a_hit_says_what_each_arm_thinks_of_it(reading: connection, library: Library) -> None:
    query = library.queries[0]
    dense, sparse = library.arms(query)
    question = Question(text=query, limit=100)
    for hit in hybrid.search(reading, [OWNER], question, RealEmbedder(), Settings()):  # type: ignore[arg-type]
        place = place_of(hit)
        assert hit.dense_score == pytest.approx(dense[place], abs=1e-5)
        assert hit.sparse_score == (pytest.approx(sparse[place]) if sparse[place] else None)
        assert hit.passage.content == library.texts[place]


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        ({}, None),
        ({"dense_weight": 0.7}, (0.7, pytest.approx(0.3))),
        ({"sparse_weight": 0.7}, (pytest.approx(0.3), 0.7)),
        ({"dense_weight": 0.0, "sparse_weight": 0.4}, (0.0, 0.4)),
    ],
)
def test_one_weight_gives_the_other(given: dict[str, float], weights: object) -> None:
    assert Question(text="x", **given).weights() == weights  # type: ignore[arg-type]


def test_what_the_model_knows() -> None:
    assert known_languages(Settings()) == frozenset({"en"})
    assert known_languages(Settings(text_embedding_model="/models/multilingual")) is None
    assert known_languages(Settings(text_embedding_languages="de, fr")) == frozenset({"de", "fr"})
    assert known_share(["en", "es", "es", "es"], {"en"}) == 0.25
    assert known_share(["es"], None) == known_share([], {"en"}) == 1.0


@pytest.mark.parametrize(("pages", "hits"), [(50, 1), (1, 3)])
def test_one_hit_a_page_where_there_are_pages(opened: connection, reading: connection, pages: int, hits: int) -> None:
    texts = ["The ferry leaves at nine.", "The ferry leaves at ten.", "The ferry leaves at noon."]
    put(opened, texts, embedder()(texts), total_pages=pages, last_page=pages)
    found = ask(reading, text="When does the ferry leave at noon?")
    assert len(found) == hits
    assert next(iter(found)) == 2


@pytest.mark.parametrize("mode", ["hybrid", "sparse", "dense"])
def test_what_has_lost_its_text_is_left_out(opened: connection, reading: connection, mode: str) -> None:
    texts = ["The ferry leaves at nine.", "The ferry leaves at ten."]
    put(opened, texts, embedder()(texts), total_pages=1, last_page=1)
    with transaction(opened, [OWNER]) as cursor:
        cursor.execute("DELETE FROM hybrid_dense_embeddings WHERE content LIKE %s", ("%ten%",))
        assert cursor.rowcount == 1
    assert list(ask(reading, text="When does the ferry leave?", mode=mode)) == [0]
