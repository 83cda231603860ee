"""Retrieval: both arms equal an independent computation, and see the caller's finished versions only."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from psycopg2.extensions import connection

from core.database import transaction
from core.jobs import Job
from rag import retrieve, retrieve_sql, store
from rag.retrieve import Arm, Corpus
from rag.terms import term_hash
from tests import evaluation_data
from tests.rag.indexing import OWNER, SPACE, chunks, job, put, unit_vectors
from tests.rag.reference import bm25_scores, cosines

TEXTS = (
    "The red fox jumps over the red fence.",
    "A blue whale swims. Whales sing to other whales.",
    "Foxes and whales are mammals, but a fence is not.",
    "Nothing to see here.",
)


def searched(reading: connection, *document_ids: str, owner: str = OWNER) -> Corpus:
    with transaction(reading, [owner]) as cursor:
        return retrieve.corpus(cursor, [owner], document_ids or None, SPACE)


def sparse(reading: connection, query: str, *document_ids: str, limit: int = 10, owner: str = OWNER) -> Arm:
    with transaction(reading, [owner]) as cursor:
        scope = retrieve.corpus(cursor, [owner], document_ids or None, SPACE)
        return retrieve.sparse(cursor, scope, query, limit)


def dense(
    reading: connection, vector: NDArray[np.float32], *document_ids: str, exact: int = 10_000, limit: int = 10
) -> Arm:
    with transaction(reading, [OWNER]) as cursor:
        scope = retrieve.corpus(cursor, [OWNER], document_ids or None, SPACE)
        return retrieve.dense(cursor, scope, vector, limit, exact_scan_limit=exact)


def ordinals(arm: Arm) -> list[int]:
    """Places within their part of the chunks that were found."""
    return [chunk & 0xFFFFF for chunk in arm.ranking]


@pytest.mark.parametrize("query", ["red fox", "whales", "the fence of the foxes, the foxes", "mammal blue red see"])
def test_sparse_equals_rank_bm25(opened: connection, reading: connection, query: str) -> None:
    put(opened, TEXTS)
    expected = bm25_scores(TEXTS, query)
    found = sparse(reading, query)
    assert ordinals(found) == [place for place in np.argsort(-expected, kind="stable") if expected[place] > 0]
    assert list(found.scores.values()) == pytest.approx(sorted(expected[expected > 0], reverse=True), rel=1e-9)


def test_sparse_equals_rank_bm25_on_real_text(opened: connection, reading: connection) -> None:
    folder = evaluation_data.folder("retrieval", "scifact")
    lines = (folder / "corpus.jsonl").read_text("utf-8").splitlines()[:600]
    texts = [json.loads(line)["text"] for line in lines]
    queries = [json.loads(line)["text"] for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()[:40]]
    put(opened, texts, unit_vectors(len(texts)))
    for query in queries:
        expected = bm25_scores(texts, query)
        found = sparse(reading, query, limit=20)
        best = np.sort(expected)[::-1][:20]
        assert list(found.scores.values()) == pytest.approx(best[best > 0], rel=1e-9)
        assert [expected[place] for place in ordinals(found)] == pytest.approx(best[best > 0], rel=1e-9)


def test_statistics_are_the_callers_own(opened: connection, reading: connection) -> None:
    put(opened, TEXTS)
    before = sparse(reading, "fox whale").scores
    put(opened, ["fox fox fox whale"] * 5, owner="user:other")
    assert sparse(reading, "fox whale").scores == before
    assert not sparse(reading, "fox whale", owner="user:nobody").scores


def test_unfinished_versions_are_neither_found_nor_counted(opened: connection, reading: connection) -> None:
    first = put(opened, TEXTS)
    vector = unit_vectors(1, seed=5)[0]
    before = sparse(reading, "fox whale"), dense(reading, vector)
    running = job(document_id=first.document_id, generation=2, parts=2)
    store.replace_part(opened, running, chunks("fox whale fox"), vector[None], SPACE)
    store.replace_part(opened, job(parts=2), chunks("fox"), vector[None], SPACE)  # never shown before
    assert (sparse(reading, "fox whale"), dense(reading, vector)) == before


def test_a_filter_restricts_hits_and_not_statistics(opened: connection, reading: connection) -> None:
    one, two = put(opened, TEXTS[:2]), put(opened, TEXTS[2:], key="alice/other.pdf")
    everything = sparse(reading, "fox whale").scores
    filtered = sparse(reading, "fox whale", two.document_id).scores
    assert len(filtered) == 1
    assert filtered.items() < everything.items()
    assert sparse(reading, "fox whale", one.document_id, two.document_id).scores == everything
    assert sparse(reading, "fox whale", f"{two.bucket}#{two.key}").scores == filtered
    vector = unit_vectors(1, seed=3)[0]
    assert dense(reading, vector, two.document_id).scores.keys() < dense(reading, vector).scores.keys()
    stranger = put(opened, TEXTS, owner="user:other")
    assert not sparse(reading, "fox whale", stranger.document_id).scores


def test_a_query_is_stemmed_in_every_language_of_the_corpus(opened: connection, reading: connection) -> None:
    german = "Der Ausschuss hat die Häuser am Stadtrand für das kommende Jahr genehmigt."
    put(opened, [german])
    put(opened, ["The committee approved the houses at the outskirts for the coming year."])
    assert searched(reading).languages == ("de", "en")
    assert len(sparse(reading, "Haus").ranking) == 1  # "Häuser" by the German stemmer
    assert len(sparse(reading, "house").ranking) == 1


@pytest.mark.parametrize(
    ("query", "languages", "expected"),
    [
        ("the houses of the town", ["en", "de"], ["hous", "town"]),  # no "the" in German texts either
        ("die Häuser in der Stadt", ["en", "de"], ["haus", "häuser", "stadt"]),
        ("AI", ["en", "de", "zh"], ["ai"]),
        ("anything", [], []),
    ],
)
def test_terms_of_a_query(query: str, languages: list[str], expected: list[str]) -> None:
    assert retrieve.query_terms(query, languages) == sorted(term_hash(term) for term in expected)


def test_scores_of_other_chunks_on_demand(opened: connection, reading: connection) -> None:
    put(opened, TEXTS)
    everything = sparse(reading, "fox whale")
    last = everything.ranking[-1]
    with transaction(reading, [OWNER]) as cursor:
        scope = retrieve.corpus(cursor, [OWNER], None, SPACE)
        found = retrieve.sparse(cursor, scope, "fox whale", 1, also=[last, 12345])
    assert found.ranking == everything.ranking[:1]
    assert found.scores == {found.ranking[0]: everything.scores[found.ranking[0]], last: everything.scores[last]}
    assert found.ceiling == everything.ceiling


def test_the_ceiling_is_the_idf_of_all_words_found(opened: connection, reading: connection) -> None:
    put(opened, TEXTS)
    # fox in 2 of 4 chunks, blue in 1, unicorn in none
    assert sparse(reading, "fox blue unicorn").ceiling == pytest.approx(np.log(1 + 2.5 / 2.5) + np.log(1 + 3.5 / 1.5))


def test_nothing_to_search_for(opened: connection, reading: connection) -> None:
    assert sparse(reading, "fox") == Arm()
    put(opened, TEXTS)
    assert sparse(reading, "the of and") == Arm()
    assert not sparse(reading, "unicorn").ranking


def test_dense_equals_numpy(opened: connection, reading: connection) -> None:
    vectors, asked = unit_vectors(60), unit_vectors(3, seed=9)
    put(opened, [f"text {number}" for number in range(60)], vectors)
    for vector in asked:
        expected = cosines(vectors, vector)
        found = dense(reading, vector, limit=7)
        assert ordinals(found) == np.argsort(-expected)[:7].tolist()
        assert list(found.scores.values()) == pytest.approx(np.sort(expected)[::-1][:7], abs=1e-6)
        assert found.floor == pytest.approx(expected.mean(), abs=1e-6)
        assert found.ceiling == 1


def test_vectors_of_another_space_are_not_compared(opened: connection, reading: connection) -> None:
    other = job()
    store.replace_part(opened, other, chunks("far apples"), unit_vectors(1), "another-model/fp32")
    vector = unit_vectors(1)[0]
    assert dense(reading, vector) == Arm()
    put(opened, ["near apples"])
    assert len(dense(reading, vector).ranking) == 1
    with transaction(reading, [OWNER]) as cursor:
        scope = retrieve.corpus(cursor, [OWNER], None, SPACE)
        both = retrieve.sparse(cursor, scope, "apples", 10).ranking
        compared = retrieve.compare(cursor, scope, vector, both)
    assert sorted(similarity is None for _, similarity in compared.values()) == [False, True]


@pytest.mark.parametrize(
    ("chunks_", "table_rows", "dimensions", "expected"),
    [
        (10_000, 20_000, 384, False),  # at the limit: exact
        (10_001, 20_000, 384, True),
        (20_000, 100_000, 384, True),  # measured: 2.3 ms against 17.3 ms
        (20_000, 1_000_000, 384, False),  # a fiftieth of the table: the graph would look at 50 rows for one of ours
        (20_000, 100_000, 512, False),  # no graph of this width
    ],
)
def test_the_graph_is_taken_where_it_is_cheaper(chunks_: int, table_rows: int, dimensions: int, expected: bool) -> None:
    corpus = Corpus((1,), (), chunks_, 1.0, chunks_, ("en",), (), False, 1, table_rows)
    assert retrieve.uses_graph(corpus, dimensions, exact_scan_limit=10_000) is expected


def clustered(number: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors (number, 384) around a hundred centres, as texts are; independent ones have no neighbours."""
    found = unit_vectors(100, seed=99)[np.arange(number) % 100] + 0.6 * unit_vectors(number, seed=seed)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@pytest.fixture
def crowd(opened: connection, admin: connection) -> Job:
    """A table of 3,000 chunks, of which the caller owns 2,000."""
    done = put(opened, [f"text {number}" for number in range(2000)], clustered(2000))
    put(opened, [f"other {number}" for number in range(1000)], clustered(1000, seed=1), owner="user:other")
    with admin, admin.cursor() as cursor:
        cursor.execute("ANALYZE")
    return done


@pytest.mark.usefixtures("crowd")
def test_the_graph_finds_what_the_exact_scan_finds(reading: connection) -> None:
    asked = clustered(10, seed=4)
    shared = 0
    for vector in asked:
        exact, graph = dense(reading, vector), dense(reading, vector, exact=100)
        shared += len(set(exact.ranking) & set(graph.ranking))
        assert len(graph.ranking) == 10
        assert graph.floor == pytest.approx(exact.floor, abs=2e-3)  # from the means of parts
    assert shared >= 95  # of 100


@pytest.mark.usefixtures("crowd")
def test_plans_use_their_indexes_under_row_level_security(reading: connection) -> None:
    with transaction(reading, [OWNER]) as cursor:
        scope = retrieve.corpus(cursor, [OWNER], None, SPACE)
        vector = retrieve.as_text(unit_vectors(1)[0])
        values = scope.parameters() | {"vector": vector, "limit": 10, "terms": [1, 2], "also": [], "ef_search": 40}
        cursor.execute("EXPLAIN " + retrieve_sql.SPARSE, values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert plan.count("Index Only Scan using hybrid_bm25_index_term") == 2
        assert "Seq Scan" not in plan
        cursor.execute(retrieve_sql.TAKE_GRAPH, values)
        cursor.execute("EXPLAIN " + retrieve_sql.DENSE_GRAPH.format(dimensions=384), values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Index Scan using hybrid_dense_embeddings_384" in plan
        cursor.execute("EXPLAIN " + retrieve_sql.DENSE_EXACT, values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "hybrid_dense_embeddings_384" not in plan


@pytest.mark.usefixtures("crowd")
def test_an_owner_of_few_rows_in_a_big_table_gets_all_that_is_asked_for(
    opened: connection, reading: connection
) -> None:
    put(opened, [f"mine {number}" for number in range(12)], unit_vectors(12, seed=7), owner="user:small")
    with transaction(reading, ["user:small"]) as cursor:
        scope = retrieve.corpus(cursor, ["user:small"], None, SPACE)
        assert len(retrieve.dense(cursor, scope, unit_vectors(1)[0], 10, exact_scan_limit=0).ranking) == 10


def test_row_level_security_alone_hides_other_owners(opened: connection, reading: connection) -> None:
    put(opened, TEXTS)
    with transaction(reading, ["user:mallory"]) as cursor:
        for table in ("documents", "document_versions", "document_parts", "hybrid_dense_embeddings",
                      "hybrid_bm25_index", "document_bm25_metadata", "owners"):  # fmt: skip
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert cursor.fetchone() == (0,), table
        scope = Corpus((1,), (), 4, 20.0, 4, ("en",), (), False, 1, 4)  # as if the statement's own lock had failed
        assert not retrieve.sparse(cursor, scope, "fox", 10).ranking
        assert not retrieve.dense(cursor, scope, unit_vectors(1)[0], 10, exact_scan_limit=10).ranking
