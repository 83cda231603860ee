"""Pages are found as numpy finds them by comparing all, and never those of others or of unfinished versions."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

import numpy as np
import pytest
from psycopg2.extensions import connection

from core.database import transaction
from core.settings import Settings
from rag import retrieve as text_retrieve
from tests.databases import TestDatabase
from tests.rag.indexing import OWNER, job, unit_vectors
from tests.vdr.stored_pages import PAGE_SPACE, Vectors, late_interaction, put_pictures, put_text, stored
from vdr import retrieve
from vdr.query_message import PageQuery
from vdr.retrieve import DRAWN_PAGES, PageArm, Pages

D = 128


@pytest.fixture
def opened(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect()) as found:
        yield found


@pytest.fixture
def reading(database: TestDatabase) -> Iterator[connection]:
    with closing(database.connect(read_only=True)) as found:
        yield found


def library(opened: connection, number: int, encoding: Literal["bits", "float16"], **fields: Any) -> dict[int, Vectors]:
    """A finished document of so many pages with 1 to 5 vectors each; the vectors by page."""
    pages = {page: unit_vectors(1 + page % 5, D, seed=page) for page in range(1, number + 1)}
    done = job(last_page=number, total_pages=number, **fields)
    put_pictures(opened, done, pages, encoding=encoding)
    put_text(opened, done, {1: "Only the first page has words."})
    return pages


def search(
    reading: connection,
    vectors: Vectors,
    *,
    space: str = PAGE_SPACE,
    owner: str = OWNER,
    document_ids: list[str] | None = None,
    **settings: Any,
) -> PageArm:
    with transaction(reading, [owner]) as cursor:
        corpus = text_retrieve.corpus(cursor, [owner], document_ids)
        pages = retrieve.pages_of(cursor, corpus, PageQuery(space, vectors))
        if pages is None:
            return PageArm()
        found = retrieve.candidates(cursor, pages, Settings(**settings))
        return retrieve.rank(cursor, pages, found.nearest, found.drawn)


@pytest.mark.parametrize("encoding", ["bits", "float16"])
def test_the_ranking_is_that_of_late_interaction(
    opened: connection, reading: connection, encoding: Literal["bits", "float16"]
) -> None:
    pages = library(opened, 30, encoding)
    query = unit_vectors(4, D, seed=99)
    expected = {page: late_interaction(query, stored(vectors, encoding)) for page, vectors in pages.items()}
    arm = search(reading, query)
    assert [hit.page for hit in arm.hits] == sorted(expected, key=lambda page: -expected[page])
    for hit in arm.hits:
        assert hit.score == pytest.approx(expected[hit.page], abs=1e-4)
    assert arm.floor == pytest.approx(np.mean(sorted(expected.values())[:-1]), abs=1e-4)
    assert arm.hits[0].score <= arm.ceiling <= 1 + 1e-6


def test_a_page_alone_is_not_its_own_measure(opened: connection, reading: connection) -> None:
    library(opened, 1, "float16")
    assert search(reading, unit_vectors(2, D)).floor == 0.0


@pytest.mark.parametrize("encoding", ["bits", "float16"])
def test_a_page_that_holds_the_query_reaches_the_ceiling(
    opened: connection, reading: connection, encoding: Literal["bits", "float16"]
) -> None:
    pages = library(opened, 6, encoding)
    arm = search(reading, pages[4])
    assert arm.hits[0].page == 4
    assert arm.hits[0].score == pytest.approx(arm.ceiling, abs=1e-3)
    assert arm.hits[0].similarity == pytest.approx(1, abs=1e-3)


def test_only_candidates_are_compared_one_by_one(opened: connection, reading: connection) -> None:
    pages = library(opened, 200, "float16")
    query = unit_vectors(3, D, seed=7)
    means = {page: vectors.mean(axis=0) for page, vectors in pages.items()}
    near = sorted(means, key=lambda page: -float(query.mean(axis=0) @ means[page] / np.linalg.norm(means[page])))
    arm = search(reading, query, vdr_candidates=20)
    assert {hit.page for hit in arm.hits} == set(near[:20])
    # the floor is about the mean of all pages, though the candidates alone score higher
    every = [late_interaction(query, vectors) for vectors in pages.values()]
    assert arm.floor == pytest.approx(np.mean(every), abs=3 * np.std(every) / np.sqrt(DRAWN_PAGES))
    assert np.mean([hit.score for hit in arm.hits]) > arm.floor


def test_pages_of_others_and_of_unfinished_versions_are_not_found(opened: connection, reading: connection) -> None:
    library(opened, 3, "bits")
    library(opened, 3, "bits", owner="user:bob", key="bob/a.pdf")
    unfinished = job(key="alice/new.pdf", parts=2)
    put_pictures(opened, unfinished, {1: unit_vectors(2, D)})
    put_text(opened, unfinished, {1: "The second part is missing."}, finishes=False)
    for owner in (OWNER, "user:bob"):
        arm = search(reading, unit_vectors(2, D), owner=owner)
        assert {hit.page for hit in arm.hits} == {1, 2, 3}
        assert len(arm.hits) == 3
    assert search(reading, unit_vectors(2, D), owner="user:nobody").hits == ()


def test_row_level_security_alone_hides_other_owners(opened: connection, reading: connection) -> None:
    library(opened, 3, "bits")
    with transaction(reading, [OWNER]) as cursor:
        corpus = text_retrieve.corpus(cursor, [OWNER])
    with transaction(reading, ["user:bob"]) as cursor:
        query = PageQuery(PAGE_SPACE, unit_vectors(2, D))
        assert retrieve.pages_of(cursor, corpus, query) is None  # though the statement names Alice as the owner
        pages = Pages(corpus, query, space_id=1, pages=3, table_rows=3)
        assert retrieve.candidates(cursor, pages, Settings()).nearest == {}
        version_key = 1
        assert retrieve.rank(cursor, pages, [(version_key, 1)]).hits == ()
        assert retrieve.image_generations(cursor, corpus.owners, [(version_key, 1)]) == {}


def test_a_filter_on_documents(opened: connection, reading: connection) -> None:
    library(opened, 3, "bits")
    library(opened, 2, "bits", key="alice/other.pdf", document_id="7d7f7f2c-8f0b-4b0e-9d4e-0c0f4b7f1a11")
    found = search(reading, unit_vectors(2, D), document_ids=["uploads#alice/other.pdf"]).hits
    assert {(hit.document_id, hit.page) for hit in found} == {
        ("7d7f7f2c-8f0b-4b0e-9d4e-0c0f4b7f1a11", page) for page in (1, 2)
    }
    assert search(reading, unit_vectors(2, D), document_ids=["unknown"]).hits == ()


def test_other_spaces_are_left_out(
    opened: connection, reading: connection, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, space, pages in (
        ("a", f"{PAGE_SPACE}/poppler", 3),
        ("b", f"{PAGE_SPACE}/pdfium", 2),
        ("c", f"{PAGE_SPACE}-large", 9),  # another model, whose name only begins alike
        ("d", "another-model", 9),
    ):
        done = job(key=f"alice/{key}", last_page=pages, total_pages=pages)
        vectors = {page: unit_vectors(2, D, seed=page) for page in range(1, pages + 1)}
        put_pictures(opened, done, vectors, space=space)
        put_text(opened, done, {1: key})
    found = search(reading, unit_vectors(2, D)).hits
    assert len(found) == 3
    assert len({hit.version_key for hit in found}) == 1
    assert "another renderer" in caplog.text + "".join(capsys.readouterr())
    assert search(reading, unit_vectors(2, 64)).hits == ()  # the same name, but of another width


def test_pages_that_the_model_has_nothing_of_are_not_found(opened: connection, reading: connection) -> None:
    done = job(last_page=2, total_pages=2)
    put_pictures(opened, done, {1: unit_vectors(2, D), 2: np.zeros((0, D), np.float32)}, image_size=(800, 450))
    put_text(opened, done, {1: "words"})
    assert [hit.page for hit in search(reading, unit_vectors(2, D)).hits] == [1]


def test_images_of_pages(opened: connection, reading: connection) -> None:
    with_image, without = job(generation=4), job(key="alice/other.pdf")
    first = put_pictures(opened, with_image, {1: unit_vectors(1, D)}, image_size=(1600, 900))
    second = put_pictures(opened, without, {1: unit_vectors(1, D)})
    with transaction(reading, [OWNER]) as cursor:
        owners = text_retrieve.corpus(cursor, [OWNER]).owners
        places = [(first, 1), (first, 2), (second, 1), (99, 1)]
        assert retrieve.image_generations(cursor, owners, places) == {(first, 1): 4}
        assert retrieve.image_generations(cursor, [], places) == {}


def test_whether_there_are_pages(opened: connection, reading: connection) -> None:
    library(opened, 1, "bits")
    for owner, expected in ((OWNER, True), ("user:bob", False)):
        with transaction(reading, [owner]) as cursor:
            assert retrieve.has_pages(cursor, [owner]) == expected


@pytest.mark.parametrize(
    ("pages", "table_rows", "dimensions", "expected"),
    [
        (10_000, 10_000, 128, False),
        (20_000, 100_000, 128, True),
        (20_000, 2_000_000, 128, False),
        (20_000, 1, 96, False),
    ],
)
def test_the_graph_is_taken_where_it_is_cheaper(pages: int, table_rows: int, dimensions: int, expected: bool) -> None:
    corpus = text_retrieve.Corpus((1,), (), 0, 0.0, 0, (), (), False, None, 0)
    searched = Pages(corpus, PageQuery(PAGE_SPACE, unit_vectors(1, dimensions)), 1, pages, table_rows)
    assert retrieve.uses_graph(searched, dimensions, 10_000) == expected


def test_the_graph_finds_what_the_exact_scan_finds(
    opened: connection, reading: connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(opened, 400, "bits")
    query = unit_vectors(3, D, seed=5)
    exact = search(reading, query, vdr_candidates=10)
    monkeypatch.setattr(retrieve, "GRAPH_COST", 0)  # so that a small table is large enough
    with transaction(reading, [OWNER]) as cursor:
        pages = retrieve.pages_of(cursor, text_retrieve.corpus(cursor, [OWNER]), PageQuery(PAGE_SPACE, query))
        assert pages is not None
        settings = Settings(exact_scan_limit=100, vdr_candidates=10)
        found = retrieve.candidates(cursor, pages, settings)
        assert len(found.drawn) == DRAWN_PAGES
        cursor.execute("SHOW hnsw.ef_search")
        assert cursor.fetchone() == ("100",)  # the graph was walked
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == ("on",)
    assert len(set(found.nearest) & {hit.place for hit in exact.hits}) >= 9
