"""The store under workers that run at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

import pytest
from psycopg2.extensions import connection

from rag import store
from tests.databases import TestDatabase
from tests.rag.indexing import OWNER, SPACE, chunks, count, job, unit_vectors

Result = TypeVar("Result")


def at_once(database: TestDatabase, works: Sequence[Callable[[connection], Result]]) -> list[Result]:
    """The results of pieces of work that run side by side, each on a connection of its own."""

    def run(work: Callable[[connection], Result]) -> Result:
        with closing(database.connect()) as opened:
            return work(opened)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def storing(**fields: object) -> Callable[[connection], store.PartResult]:
    """Work that stores twenty chunks as the part of a job."""
    texts = [f"chunk {number} of part {fields.get('part', 0)}" for number in range(20)]
    done = job(**fields)
    return lambda opened: store.replace_part(opened, done, chunks(*texts), unit_vectors(20), SPACE)


@pytest.mark.parametrize("_attempt", range(3))
def test_parts_of_one_document_finish_it_once(database: TestDatabase, _attempt: int) -> None:
    document_id = job().document_id
    works = [storing(document_id=document_id, part=part, parts=6) for part in range(6)]
    results = at_once(database, works)
    assert sum(result.finished for result in results) == 1
    assert next(result for result in results if result.finished).chunks == 120
    with closing(database.connect_as_superuser()) as admin:
        assert count(admin, "hybrid_dense_embeddings") == 120
        assert count(admin, "document_parts") == 6
        assert count(admin, "documents WHERE current_generation = 1") == 1


@pytest.mark.parametrize("_attempt", range(3))
def test_the_same_part_twice_is_stored_once(database: TestDatabase, _attempt: int) -> None:
    document_id = job().document_id
    results = at_once(database, [storing(document_id=document_id)] * 4)
    assert all(result.finished and result.chunks == 20 for result in results)
    with closing(database.connect_as_superuser()) as admin:
        assert count(admin, "hybrid_dense_embeddings") == 20
        assert count(admin, "document_versions") == 1


@pytest.mark.parametrize("_attempt", range(5))
def test_deletion_wins_over_workers(database: TestDatabase, _attempt: int) -> None:
    document_id = job().document_id

    def delete(opened: connection) -> object:
        return store.delete_document(opened, [OWNER], document_id)

    works = [storing(document_id=document_id, part=part, parts=4) for part in range(4)]
    at_once(database, [*works[:2], delete, *works[2:], works[0]])
    with closing(database.connect_as_superuser()) as admin:
        assert count(admin, "documents") == 0
        assert count(admin, "hybrid_dense_embeddings") == 0
        assert count(admin, "hybrid_bm25_index") == 0


@pytest.mark.parametrize("_attempt", range(5))
def test_the_newest_version_wins(database: TestDatabase, _attempt: int) -> None:
    document_id = job().document_id
    at_once(database, [storing(document_id=document_id, generation=generation) for generation in (1, 2, 3, 3, 2, 1)])
    with closing(database.connect_as_superuser()) as admin:
        assert count(admin, "documents WHERE generation = 3 AND current_generation = 3") == 1
        assert count(admin, "document_versions") == 1
        assert count(admin, "hybrid_dense_embeddings") == 20


def test_new_owners_and_spaces_at_the_same_time(database: TestDatabase) -> None:
    results = at_once(database, [storing(owner=f"user:{number % 3}") for number in range(8)])
    assert all(result.finished for result in results)
    with closing(database.connect_as_superuser()) as admin:
        assert count(admin, "owners") == 3
        assert count(admin, "vector_spaces") == 1
