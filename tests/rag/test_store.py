"""The store: parts go in whole, once, and the last one shows the version."""

from dataclasses import replace

import numpy as np
import pytest
from psycopg2.extensions import connection

from core.database import transaction
from core.jobs import Gap
from rag import store
from rag.chunk_ids import chunk_id
from tests.rag.indexing import OWNER, SPACE, chunks, count, job, put, unit_vectors

INDEX_TABLES = ("hybrid_dense_embeddings", "hybrid_bm25_index", "document_bm25_metadata", "document_parts")


def contents(admin: connection) -> list[str]:
    with admin, admin.cursor() as cursor:
        cursor.execute("SELECT content FROM hybrid_dense_embeddings ORDER BY chunk_id")
        return [content for (content,) in cursor.fetchall()]


def test_one_part_is_stored_and_current(opened: connection, admin: connection) -> None:
    done = job()
    assert store.part_is_stored(opened, done) is None
    rows = chunks("The red fox.", "A blue whale.", headings=("Animals",), tokens=7, first_page=2, last_page=3)
    result = store.replace_part(
        opened, done, rows, unit_vectors(2), SPACE, findings=store.Findings(gaps=[Gap(4, "blank")])
    )
    assert result == store.PartResult(finished=True, parts=1, pages=50, chunks=2, tokens=14, gaps=(Gap(4, "blank"),))
    assert store.part_is_stored(opened, done) == result
    with admin, admin.cursor() as cursor:
        cursor.execute("SELECT * FROM hybrid_dense_embeddings ORDER BY chunk_id")
        assert cursor.description is not None
        row = dict(zip([column.name for column in cursor.description], cursor.fetchone() or (), strict=True))
        cursor.execute("SELECT version_key, state, pages, parts FROM document_versions")
        version_key, *version = cursor.fetchone() or ()
        cursor.execute("SELECT current_generation FROM documents")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT total_chunks, total_tokens, avg_chunk_length, languages FROM document_bm25_metadata")
        # red fox + blue whale, and the heading in each: "anim"
        assert cursor.fetchone() == (2, 6, 3.0, ["en"])
    assert version == ["current", 50, 1]
    assert row["chunk_id"] == chunk_id(version_key, 0, 0)
    assert (row["heading"], row["first_page"], row["last_page"]) == (["Animals"], 2, 3)
    assert (row["start_char"], row["end_char"], row["token_count"], row["dimensions"]) == (0, 12, 7, 384)


def test_vectors_come_back_as_they_went_in(opened: connection, admin: connection) -> None:
    vectors = unit_vectors(3)
    put(opened, ["a", "b", "c"], vectors)
    with admin, admin.cursor() as cursor:
        cursor.execute("SELECT embedding::real[] FROM hybrid_dense_embeddings ORDER BY chunk_id")
        stored = np.array([embedding for (embedding,) in cursor.fetchall()], np.float16)
        cursor.execute("SELECT mean_embedding::vector::real[] FROM document_parts")
        (mean,) = cursor.fetchone() or ()
    np.testing.assert_array_equal(stored, vectors.astype(np.float16))
    np.testing.assert_allclose(mean, vectors.mean(axis=0), atol=2e-3)


def test_the_last_part_finishes_whatever_the_order(opened: connection) -> None:
    first, second = job(parts=2, total_pages=100), None
    second = job(document_id=first.document_id, parts=2, part=1, first_page=51, last_page=100, total_pages=100)
    assert not store.replace_part(
        opened, second, chunks("late"), unit_vectors(1), SPACE, findings=store.Findings(gaps=[Gap(60, "x")])
    ).finished
    result = store.replace_part(
        opened, first, chunks("early", "more"), unit_vectors(2), SPACE, findings=store.Findings(gaps=[Gap(2, "y")])
    )
    assert result.finished
    assert result.chunks == 3
    assert result.gaps == (Gap(2, "y"), Gap(60, "x"))


def test_a_repeated_part_replaces_and_never_appends(opened: connection, admin: connection) -> None:
    done = job(parts=2)
    store.replace_part(opened, done, chunks("one", "two", "three"), unit_vectors(3), SPACE)
    result = store.replace_part(opened, done, chunks("uno"), unit_vectors(1), SPACE)
    assert (result.finished, result.chunks) == (False, 1)
    assert contents(admin) == ["uno"]
    assert [count(admin, table) for table in INDEX_TABLES] == [1, 1, 1, 1]


def test_a_version_without_text_is_never_shown(opened: connection, admin: connection) -> None:
    old, empty = put(opened, ["old text"]), np.zeros((0, 384), np.float32)
    scan = job(document_id=old.document_id, generation=2)
    result = store.replace_part(opened, scan, [], empty, SPACE, findings=store.Findings(gaps=[Gap(1, "blank")]))
    assert result == store.PartResult(empty=True, parts=1, pages=50, gaps=(Gap(1, "blank"),))
    assert contents(admin) == ["old text"]


def test_one_part_with_text_is_enough(opened: connection) -> None:
    scan, empty = job(parts=2), np.zeros((0, 384), np.float32)
    assert not store.replace_part(opened, scan, [], empty, SPACE).empty
    last = job(document_id=scan.document_id, part=1, parts=2)
    assert store.replace_part(opened, last, chunks("text"), unit_vectors(1), SPACE).finished


def test_a_new_version_takes_over_only_when_complete(opened: connection, admin: connection) -> None:
    old = put(opened, ["old text"])
    half = job(document_id=old.document_id, generation=2, parts=2)
    store.replace_part(opened, half, chunks("new text"), unit_vectors(1), SPACE)
    assert contents(admin) == ["old text", "new text"]
    assert current_generation(admin) == 1
    other = job(document_id=old.document_id, generation=2, parts=2, part=1)
    assert store.replace_part(opened, other, chunks("newer text"), unit_vectors(1), SPACE).finished
    assert contents(admin) == ["new text", "newer text"]
    assert current_generation(admin) == 2
    assert count(admin, "document_versions") == 1


def current_generation(admin: connection) -> int:
    with admin, admin.cursor() as cursor:
        cursor.execute("SELECT current_generation FROM documents")
        (generation,) = cursor.fetchone() or ()
        return int(generation)


def test_an_overtaken_version_is_refused_and_cleared_away(opened: connection, admin: connection) -> None:
    slow = job(parts=2)
    store.replace_part(opened, slow, chunks("slow"), unit_vectors(1), SPACE)
    fast = job(document_id=slow.document_id, generation=2, parts=2)
    store.replace_part(opened, fast, chunks("fast"), unit_vectors(1), SPACE)
    assert contents(admin) == ["fast"]
    late = job(document_id=slow.document_id, part=1, parts=2)
    assert store.part_is_stored(opened, late) == store.SUPERSEDED
    assert store.replace_part(opened, late, chunks("late"), unit_vectors(1), SPACE) == store.SUPERSEDED
    assert contents(admin) == ["fast"]


def test_a_version_is_finished_only_with_the_parts_that_were_handed_over(opened: connection) -> None:
    giver = job(parts=1)
    child = replace(giver, part=3, parent=0, route="visual")
    given = store.Findings(handed_over=[3, 4])
    assert not store.replace_part(opened, child, chunks("early"), unit_vectors(1), SPACE).finished
    assert not store.replace_part(opened, giver, chunks("text"), unit_vectors(1), SPACE, findings=given).finished
    last = store.replace_part(opened, replace(child, part=4), chunks("late"), unit_vectors(1), SPACE)
    assert (last.finished, last.parts, last.chunks) == (True, 3, 3)


def test_a_part_that_was_handed_over_by_an_earlier_try_only_is_not_waited_for(opened: connection) -> None:
    giver = job(parts=1)
    child = replace(giver, part=3, parent=0, route="visual")
    assert not store.replace_part(opened, child, chunks("early"), unit_vectors(1), SPACE).finished
    assert store.replace_part(opened, giver, chunks("all of it"), unit_vectors(1), SPACE).finished


def test_a_deleted_document_stays_deleted(opened: connection, admin: connection) -> None:
    done = put(opened, ["secret plans", "more"])
    counts = store.delete_document(opened, [OWNER], done.document_id)
    assert counts == {
        "hybrid_bm25_index": 2,  # secret, plan; "more" is a stop word
        "hybrid_dense_embeddings": 2,
        "document_bm25_metadata": 1,
        "document_pages": 0,
        "document_vdr_pages": 0,
        "document_parts": 1,
        "document_versions": 1,
        "documents": 1,
    }
    assert all(count(admin, table) == 0 for table in (*INDEX_TABLES, "document_versions", "documents"))
    assert set(store.delete_document(opened, [OWNER], done.document_id).values()) == {0}
    assert store.part_is_stored(opened, done) == store.SUPERSEDED
    again = job(document_id=done.document_id, generation=2)
    assert store.replace_part(opened, again, chunks("zombie"), unit_vectors(1), SPACE) == store.SUPERSEDED
    assert contents(admin) == []


def test_a_document_is_deleted_before_its_first_part_arrives(opened: connection, admin: connection) -> None:
    waiting = job()
    store.delete_document(opened, [OWNER], waiting.document_id)
    assert store.replace_part(opened, waiting, chunks("x"), unit_vectors(1), SPACE) == store.SUPERSEDED
    assert count(admin, "documents") == 0


def test_a_stranger_deletes_nothing(opened: connection, admin: connection) -> None:
    done = put(opened, ["mine"])
    assert set(store.delete_document(opened, ["user:mallory"], done.document_id).values()) == {0}
    assert contents(admin) == ["mine"]
    assert store.part_is_stored(opened, done) is not None  # mallory's tombstone does not bind alice
    again = store.replace_part(opened, done, chunks("mine still"), unit_vectors(1), SPACE)
    assert again.finished


def test_discarding_a_running_version_leaves_the_current_one(opened: connection, admin: connection) -> None:
    old = put(opened, ["old"])
    running = job(document_id=old.document_id, generation=2, parts=2)
    store.replace_part(opened, running, chunks("new"), unit_vectors(1), SPACE)
    assert store.discard_version(opened, running)["hybrid_dense_embeddings"] == 1
    assert contents(admin) == ["old"]
    assert set(store.discard_version(opened, old).values()) == {0}
    assert contents(admin) == ["old"]


def test_text_that_postgres_cannot_hold_is_stored_without_it(opened: connection, admin: connection) -> None:
    put(opened, ["nul\0 and half a pair \ud800."])
    assert contents(admin) == ["nul\ufffd and half a pair ?."]


def test_chunks_and_vectors_must_match(opened: connection) -> None:
    with pytest.raises(ValueError, match="2 chunks cannot have 1 vectors"):
        store.replace_part(opened, job(), chunks("a", "b"), unit_vectors(1), SPACE)


def test_a_space_has_one_width(opened: connection, admin: connection) -> None:
    put(opened, ["a"])
    with pytest.raises(LookupError):
        store.replace_part(opened, job(), chunks("b"), unit_vectors(1, dimensions=128), SPACE)
    assert contents(admin) == ["a"]


def test_another_owners_document_cannot_be_written_to(opened: connection, admin: connection) -> None:
    done = put(opened, ["mine"])
    stolen = job(document_id=done.document_id, owner="user:mallory", generation=2)
    with pytest.raises(Exception, match="row-level security"):
        store.replace_part(opened, stolen, chunks("theirs"), unit_vectors(1), SPACE)
    assert contents(admin) == ["mine"]


def test_a_failed_write_leaves_nothing(opened: connection, admin: connection) -> None:
    broken = unit_vectors(2)
    broken[1, 0] = np.nan
    with pytest.raises(Exception, match="NaN"):
        store.replace_part(opened, job(), chunks("a", "b"), broken, SPACE)
    assert [count(admin, table) for table in INDEX_TABLES] == [0, 0, 0, 0]
    with transaction(opened, [OWNER]) as cursor:  # the connection is usable again
        cursor.execute("SELECT 1")
