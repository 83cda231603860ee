"""The SQL function vdr_search_pages, as an application calls it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from psycopg2.extensions import connection

from core.database import transaction
from rag.retrieve import as_text
from tests.databases import TestDatabase
from tests.rag.indexing import OWNER, job, unit_vectors
from tests.vdr.stored_pages import PAGE_SPACE, Vectors, put_pictures, put_text
from vdr.multivector import candidate

D = 128
QUERY = unit_vectors(1, D, seed=50)[0]


@pytest.fixture
def opened(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect()) as found:
        yield found


def page_at(similarity: float, seed: int = 0) -> Vectors:
    """One vector (1, d) that is so similar to the query."""
    other = unit_vectors(1, D, seed=seed)[0]
    other -= QUERY * (other @ QUERY)
    other /= np.linalg.norm(other)
    return np.asarray([similarity * QUERY + np.sqrt(1 - similarity**2) * other], np.float32)


def put(opened: connection, similarities: dict[int, float], *, space: str = PAGE_SPACE, **fields: Any) -> str:
    """A finished document with pages that are so similar to the query; its id."""
    done = job(last_page=max(similarities), total_pages=max(similarities), **fields)
    put_pictures(opened, done, {page: page_at(value, page) for page, value in similarities.items()}, space=space)
    put_text(opened, done, {1: "words"})
    return done.document_id


def call(opened: connection, arguments: str = "", *, owner: str = OWNER, query: Vectors = QUERY) -> list[Any]:
    with transaction(opened, [owner]) as cursor:
        cursor.execute(f"SELECT * FROM vdr_search_pages(%s::vector{arguments})", (as_text(query),))  # noqa: S608
        return cursor.fetchall()


def test_the_nearest_pages_with_their_object(opened: connection) -> None:
    document_id = put(opened, {1: 0.6, 2: 0.9, 3: 0.7})
    rows = call(opened)
    assert [(row[0], row[1], *row[3:]) for row in rows] == [
        (document_id, page, "uploads", "alice/report.pdf") for page in (2, 3, 1)
    ]
    assert [row[2] for row in rows] == pytest.approx([0.9, 0.7, 0.6], abs=2e-3)


def test_threshold_and_number(opened: connection) -> None:
    put(opened, {1: 0.2, 2: 0.9, 3: 0.7, 4: 0.45})
    assert [row[1] for row in call(opened)] == [2, 3]  # at least 0.5, unless another threshold is given
    assert [row[1] for row in call(opened, ", 10, 0.4")] == [2, 3, 4]
    assert [row[1] for row in call(opened, ", max_results => 1, similarity_threshold => -1")] == [2]
    assert len(call(opened, ", 10, -1")) == 4


def test_owners_see_their_own_pages(opened: connection) -> None:
    put(opened, {1: 0.9})
    theirs = put(opened, {1: 0.8}, owner="user:bob", key="bob/a.pdf")
    assert [row[0] for row in call(opened, owner="user:bob")] == [theirs]
    assert call(opened, owner="user:nobody") == []


def test_only_current_versions(opened: connection) -> None:
    document_id = put(opened, {1: 0.9})
    newer = job(document_id=document_id, generation=2, version="f" * 16, parts=2, last_page=1, total_pages=2)
    put_pictures(opened, newer, {1: page_at(0.8)})
    put_text(opened, newer, {1: "words"}, finishes=False)
    assert [row[2] for row in call(opened)] == pytest.approx([0.9], abs=2e-3)
    second = job(document_id=document_id, generation=2, version="f" * 16, parts=2, part=1, first_page=2, last_page=2)
    put_text(opened, second, {2: "more words"})
    assert [row[2] for row in call(opened)] == pytest.approx([0.8], abs=2e-3)


def test_one_space_at_a_time(opened: connection) -> None:
    older = put(opened, {1: 0.9}, space="model-a")
    newer = put(opened, {1: 0.8}, space="model-b", key="alice/b.pdf")
    put(opened, {1: 0.7}, space="model-c", key="alice/c.pdf", owner="user:bob")
    assert [row[0] for row in call(opened)] == [newer]  # the caller's latest page decides
    assert [row[0] for row in call(opened, ", space_name => 'model-a'")] == [older]
    assert call(opened, ", space_name => 'model-c'") == []
    assert call(opened, ", space_name => 'unknown'") == []


def test_a_version_in_the_making_does_not_decide_the_space(opened: connection) -> None:
    document_id = put(opened, {1: 0.9}, space="model-a")
    unfinished = job(document_id=document_id, generation=2, version="f" * 16, parts=2, last_page=1, total_pages=2)
    put_pictures(opened, unfinished, {1: page_at(0.8)}, space="model-b")
    assert [row[2] for row in call(opened)] == pytest.approx([0.9], abs=2e-3)


def test_the_width_of_the_query_counts(opened: connection) -> None:
    put(opened, {1: 0.9})
    wide = job(key="alice/wide.pdf", last_page=1, total_pages=1)
    vectors = unit_vectors(1, 384)
    put_pictures(opened, wide, {1: vectors}, space="wide-model")
    put_text(opened, wide, {1: "words"})
    assert [row[4] for row in call(opened, query=candidate(vectors))] == ["alice/wide.pdf"]
    assert [row[4] for row in call(opened)] == ["alice/report.pdf"]
    assert call(opened, query=unit_vectors(1, 16)[0]) == []


def test_pages_without_vectors_are_left_out(opened: connection) -> None:
    done = job(last_page=2, total_pages=2)
    put_pictures(opened, done, {1: page_at(0.9), 2: np.zeros((0, D), np.float32)})
    put_text(opened, done, {1: "words"})
    assert [row[1] for row in call(opened, ", 10, -1")] == [1]
