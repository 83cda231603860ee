"""Hits: what was found, with the text and the place that a reader is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.blobs import page_image_key
from rag import retrieve, retrieve_pages
from rag.chunk_ids import VERSION_SHIFT
from rag.retrieve import Corpus, Passage
from rag.retrieve_pages import Place
from vdr.retrieve import image_generations

if TYPE_CHECKING:
    from psycopg2.extensions import cursor


@dataclass(frozen=True)
class Found:
    """A chunk, a page without text, or a page with the best of its chunks."""

    score: float
    chunk: int | None = None
    place: Place | None = None  #: of a page that is known as a picture
    by_picture: bool = False  #: whether the picture says more for it than the text

    @property
    def version_key(self) -> int:
        """The version that it is of."""
        return self.place[0] if self.place else (self.chunk or 0) >> VERSION_SHIFT


@dataclass(frozen=True)
class Hit:
    """What was found, and how well each arm thinks of it; None where an arm was not asked or has no word."""

    chunk_id: int | None  #: None for a page without text
    version_key: int
    passage: Passage  #: of a page without text an empty one
    score: float
    dense_score: float | None
    sparse_score: float | None
    vdr_score: float | None = None
    by_picture: bool = False
    image_key: str | None = None  #: of the derived object that holds the image of its page

    @property
    def place(self) -> Place:
        """The page that it shows."""
        return self.version_key, self.passage.page

    @property
    def identifier(self) -> str:
        """The chunk's id, else one that names the page."""
        return f"page:{self.version_key}:{self.passage.page}" if self.chunk_id is None else str(self.chunk_id)


@dataclass(frozen=True)
class Scores:
    """What each arm says of chunks and of pages."""

    dense: Mapping[int, float]
    sparse: Mapping[int, float]
    pages: Mapping[Place, float]


def show(cursor: "cursor", searched: Corpus, ranking: Sequence[Found], scores: Scores, limit: int) -> list[Hit]:
    """The best ``limit`` of what was found, with its text, and of each page of a paged document the best one.

    What is found but has lost its text is left out: one damaged document must not cost its owner every search.
    """
    passages = retrieve.passages(cursor, searched, [found.chunk for found in ranking if found.chunk is not None])
    blank = {found.place for found in ranking if found.chunk is None and found.place is not None}
    pages = retrieve_pages.blank_pages(cursor, searched, blank)
    shown = ((found, _passage(found, passages, pages)) for found in ranking)
    hits = [_hit(found, passage, scores) for found, passage in shown if passage is not None]
    return _with_images(cursor, searched, _one_a_page(hits)[:limit])


def _passage(found: Found, passages: Mapping[int, Passage], pages: Mapping[Place, Passage]) -> Passage | None:
    """The text of the chunk, shown on the page that was found, which it may only touch; None when it is gone."""
    if found.chunk is None:
        return pages.get(found.place) if found.place else None
    passage = passages.get(found.chunk)
    return replace(passage, page=found.place[1]) if passage and found.place else passage


def _hit(found: Found, passage: Passage, scores: Scores) -> Hit:
    return Hit(
        chunk_id=found.chunk,
        version_key=found.version_key,
        passage=passage,
        score=found.score,
        dense_score=None if found.chunk is None else scores.dense.get(found.chunk),
        sparse_score=None if found.chunk is None else scores.sparse.get(found.chunk),
        vdr_score=None if found.place is None else scores.pages.get(found.place),
        by_picture=found.by_picture,
    )


def _one_a_page(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without those on a page that a better one is on: more pages say more than more of one page.

    A document without pages (a long web page, say) may be hit many times.
    """
    best: dict[object, Hit] = {}
    for number, hit in enumerate(hits):
        paged = hit.passage.document_pages > 1 or hit.vdr_score is not None
        best.setdefault((hit.passage.document_id, hit.passage.page) if paged else number, hit)
    return list(best.values())


def _with_images(cursor: "cursor", searched: Corpus, hits: Sequence[Hit]) -> list[Hit]:
    """The hits, with the image of their page where it has one."""
    generations = image_generations(cursor, searched.owners, {hit.place for hit in hits})
    return [
        replace(hit, image_key=page_image_key(hit.passage.document_id, generations[hit.place], hit.passage.page))
        if hit.place in generations
        else hit
        for hit in hits
    ]
