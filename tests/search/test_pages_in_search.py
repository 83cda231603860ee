"""Text and pages in one list: each page once, with what each arm thinks of it."""

from typing import Any

import numpy as np
import pytest
from psycopg2.extensions import connection

from core.settings import Settings
from rag import store
from rag.embed import text_embedder
from search import hybrid
from search.hybrid import Hit, Question
from search.query_embedding import page_query
from tests.rag.indexing import OWNER, chunks, job
from tests.vdr.stored_pages import Vectors, put_pictures
from vdr.embed import PageInput, page_embedder
from vdr.embed_text_proxy import TextProxyEmbedder
from vdr.query_message import PageQuery

SLIDES = {
    1: "Harbour tariffs\nMooring costs nine euros a metre",
    2: "Rescue course\nEvery sailor takes it within a year",
    3: "Radio licences\nRenewed every five years",
}
PROSE = "Sailors who have not passed the rescue course stay ashore until they have."
QUESTION = "Who takes the rescue course?"


@pytest.fixture(scope="module")
def proxy() -> TextProxyEmbedder:
    found = page_embedder(Settings())
    assert isinstance(found, TextProxyEmbedder)
    return found


def put_slides(
    opened: connection, shown: dict[int, str], texts: dict[int, str] | None = None, **fields: Any
) -> tuple[str, int]:
    """A deck whose pages show some words, and have some (perhaps others) as text; document id and version key."""
    proxy, embedder = page_embedder(Settings()), text_embedder(Settings())
    done = job(last_page=len(shown), total_pages=len(shown), key="alice/deck.pdf", file_name="deck.pdf", **fields)
    vectors = dict(zip(shown, proxy([PageInput(page, None, text) for page, text in shown.items()]), strict=True))
    key = put_pictures(opened, done, vectors, space=proxy.space, image_size=(1600, 900))
    rows = [
        row
        for page, text in (shown if texts is None else texts).items()
        for row in chunks(*[""] * (page - 1), text, first_page=page, last_page=page, page=page)[-1:]
    ]
    own = embedder([row.text for row in rows]) if rows else np.zeros((0, 384), np.float32)
    assert store.replace_part(opened, done, rows, own, embedder.space).finished
    return done.document_id, key


def put_prose(opened: connection, text: str = PROSE) -> str:
    embedder, done = text_embedder(Settings()), job(key="alice/rules.pdf", file_name="rules.pdf")
    store.replace_part(opened, done, chunks(text), embedder([text]), embedder.space)
    return done.document_id


def ask(reading: connection, text: str = QUESTION, **fields: Any) -> list[Hit]:
    question = Question(text=text, **fields)
    settings = Settings()
    seen = page_query(reading, [OWNER], question, settings)
    return hybrid.search(reading, [OWNER], question, text_embedder(settings), settings, page_query=seen)


def test_a_page_found_as_text_and_as_picture_is_one_hit(
    opened: connection, reading: connection, proxy: TextProxyEmbedder
) -> None:
    deck, key = put_slides(opened, SLIDES)
    prose = put_prose(opened)
    hits = ask(reading, mode="hybrid_vdr_text")
    assert sorted((hit.passage.document_id, hit.passage.page) for hit in hits) == sorted(
        [(deck, 1), (deck, 2), (deck, 3), (prose, 1)]
    )
    slide = next(hit for hit in hits if hit.place == (key, 2))
    assert slide is hits[0]
    assert slide.passage.content == SLIDES[2]
    assert slide.identifier == str(slide.chunk_id)
    assert slide.dense_score is not None
    assert slide.sparse_score is not None
    best = max(proxy.embed_query(QUESTION)[0] @ line for line in proxy([PageInput(2, None, SLIDES[2])])[0])
    assert slide.vdr_score == pytest.approx(best, abs=1e-3)
    rules = next(hit for hit in hits if hit.passage.document_id == prose)
    assert (rules.vdr_score, rules.by_picture, rules.image_key) == (None, False, None)


def test_without_pictures_all_is_as_without_asking_for_them(opened: connection, reading: connection) -> None:
    put_prose(opened)
    assert ask(reading, mode="hybrid_vdr_text") == ask(reading, mode="hybrid") != []
    assert ask(reading, mode="vdr") == []


def test_text_modes_do_not_look_at_pictures(opened: connection, reading: connection) -> None:
    _, key = put_slides(opened, SLIDES, texts={1: "Nothing of the sort."})
    for mode in ("hybrid", "dense", "sparse"):
        for hit in ask(reading, mode=mode):
            assert hit.passage.content == "Nothing of the sort."
            assert (hit.vdr_score, hit.by_picture) == (None, False)
            assert hit.image_key == f"{hit.passage.document_id}/1/pages/00001.webp"  # its page has one all the same
            assert hit.place == (key, 1)


def test_pictures_alone(opened: connection, reading: connection) -> None:
    deck, key = put_slides(opened, SLIDES)
    put_prose(opened)
    hits = ask(reading, mode="vdr", limit=2)
    assert hits[0].place == (key, 2)
    assert len(hits) == 2
    for hit in hits:
        assert hit.passage.document_id == deck
        assert (hit.dense_score, hit.sparse_score) == (None, None)
        assert hit.score == hit.vdr_score
        assert hit.by_picture
        assert hit.passage.content == SLIDES[hit.passage.page]


def test_a_page_without_text_is_a_hit_without_a_chunk(opened: connection, reading: connection) -> None:
    deck, key = put_slides(opened, SLIDES, texts={})
    for mode in ("vdr", "hybrid_vdr_text"):
        hit = ask(reading, mode=mode)[0]
        assert hit.identifier == f"page:{key}:2"
        assert hit.chunk_id is None
        assert (hit.passage.content, hit.passage.page, hit.passage.file_name) == ("", 2, "deck.pdf")
        assert hit.passage.document_id == deck
        assert (hit.dense_score, hit.sparse_score, hit.by_picture) == (None, None, True)
        assert hit.image_key == f"{deck}/1/pages/00002.webp"


def test_a_page_shows_the_passage_that_touches_it(opened: connection, reading: connection) -> None:
    """A line that went into one passage with the next page belongs to its own page, too."""
    embedder, proxy = text_embedder(Settings()), page_embedder(Settings())
    done = job(last_page=2, total_pages=2)
    shown = [PageInput(1, None, "Rescue course for sailors"), PageInput(2, None, "Radio licences last five years")]
    vectors = dict(zip((1, 2), proxy(shown), strict=True))
    key = put_pictures(opened, done, vectors, space=proxy.space)
    rows = chunks("Rescue course for sailors\n\nRadio licences last five years", first_page=1, last_page=2, page=2)
    store.replace_part(opened, done, rows, embedder([row.text for row in rows]), embedder.space)
    hits = ask(reading, mode="hybrid_vdr_text")
    assert [hit.place for hit in hits] == [(key, 1), (key, 2)]
    assert {hit.chunk_id for hit in hits} == {hits[0].chunk_id}
    assert (hits[0].passage.first_page, hits[0].passage.last_page) == (1, 2)


def test_reciprocal_ranks(opened: connection, reading: connection) -> None:
    put_slides(opened, SLIDES)
    best = ask(reading, mode="hybrid_vdr_text", use_rrf=True)[0]
    assert best.passage.page == 2
    assert best.score == pytest.approx(3 / 61)  # the first in each of three rankings


def test_given_weights_are_of_the_text(opened: connection, reading: connection) -> None:
    put_slides(opened, SLIDES)
    whole, half = (
        ask(reading, mode="hybrid_vdr_text", dense_weight=weight, sparse_weight=0.0)[0] for weight in (1.0, 0.5)
    )
    assert whole.passage.page == half.passage.page == 2
    assert whole.score - half.score == pytest.approx(0.25)  # the best text loses half its score, half of which counts


def test_a_query_of_another_model_finds_no_pages(opened: connection, reading: connection) -> None:
    put_slides(opened, SLIDES)
    question = Question(text=QUESTION, mode="vdr")
    other: Vectors = np.eye(2, 384, dtype=np.float32)
    for seen in (PageQuery("other-model", other), None):
        embedder = text_embedder(Settings())
        assert hybrid.search(reading, [OWNER], question, embedder, Settings(), page_query=seen) == []


def test_the_page_model_is_not_asked_without_pages(opened: connection, reading: connection) -> None:
    put_prose(opened)
    unloadable = Settings(vdr_model_name="/no/such/model")
    assert page_query(reading, [OWNER], Question(text="x", mode="vdr"), unloadable) is None
    assert page_query(reading, [OWNER], Question(text="x"), unloadable) is None
