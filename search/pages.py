"""Pages as pictures, beside the text: which pages to look at, what they score, and one ranking of both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.settings import Settings
from rag import retrieve_pages
from rag.retrieve import Corpus
from rag.retrieve_pages import Place
from search import fusion
from search.hits import Found
from vdr import retrieve
from vdr.query_message import PageQuery
from vdr.retrieve import Candidates, PageArm, Pages

if TYPE_CHECKING:
    from psycopg2.extensions import cursor


@dataclass(frozen=True)
class Looked:
    """The pages that may show what is asked for, and the chunks with their text."""

    pages: Pages | None = None
    candidates: Candidates = field(default_factory=Candidates)
    chunks: Mapping[Place, Sequence[int]] = field(default_factory=dict)  #: of each candidate that has text

    @property
    def all_chunks(self) -> list[int]:
        """The chunks of all candidates."""
        return list(dict.fromkeys(chunk for chunks in self.chunks.values() for chunk in chunks))


@dataclass(frozen=True)
class Evidence:
    """What the pictures say, on a scale from 0 (as an arbitrary page) to 1."""

    arm: PageArm = field(default_factory=PageArm)
    chunks: Mapping[Place, Sequence[int]] = field(default_factory=dict)  #: the chunks of each page
    homes: Mapping[int, Place] = field(default_factory=dict)  #: the page that most of a chunk is on

    @property
    def scores(self) -> dict[Place, float]:
        """The score of each page."""
        floor, ceiling = self.arm.floor, self.arm.ceiling
        return {hit.place: fusion.scaled_score(hit.score, floor, ceiling) for hit in self.arm.hits}


def look(cursor: "cursor", searched: Corpus, query: PageQuery | None, settings: Settings) -> Looked:
    """The caller's pages nearest to a query; none without pages that it can be compared with."""
    pages = retrieve.pages_of(cursor, searched, query) if query else None
    if pages is None:
        return Looked()
    candidates = retrieve.candidates(cursor, pages, settings)
    return Looked(pages, candidates, retrieve_pages.chunks_of_pages(cursor, searched, candidates.nearest))


def judge(cursor: "cursor", looked: Looked, found_by_text: Collection[int] = ()) -> Evidence:
    """What the pictures say of the pages looked at, and of those of the chunks that were found by their text."""
    if looked.pages is None:
        return Evidence()
    homes = retrieve_pages.places(cursor, looked.pages.corpus, found_by_text)
    places = looked.candidates.nearest.keys() | set(homes.values())
    arm = retrieve.rank(cursor, looked.pages, places, looked.candidates.drawn)
    chunks: dict[Place, list[int]] = {place: list(own) for place, own in looked.chunks.items()}
    for chunk, place in homes.items():
        if chunk not in chunks.setdefault(place, []):
            chunks[place].append(chunk)
    return Evidence(arm, chunks, homes)


@dataclass(frozen=True)
class Join:
    """How pictures and text make one score."""

    pictures: Mapping[Place, float]  #: what each page's picture is worth
    text_weight: float  #: of the text of these pages


def weighted(evidence: Evidence, weight: float) -> Join:
    """Pages by their picture to this share, by their text to the rest."""
    return Join({place: weight * score for place, score in evidence.scores.items()}, 1 - weight)


def reciprocal(evidence: Evidence) -> Join:
    """Pages by their places in the rankings alone."""
    return Join(fusion.reciprocal_ranks([hit.place for hit in evidence.arm.hits]), 1.0)


def join(text: Mapping[int, float], evidence: Evidence, how: Join) -> list[Found]:
    """Chunks and pages by one score, the best first.

    A page is judged by the best of its chunks. Chunks of pages that are no pictures keep their score, so that without
    pictures the ranking is that of the text.
    """
    found = [_page(place, evidence.chunks.get(place, ()), text, how) for place in how.pictures]
    found += [Found(score, chunk) for chunk, score in text.items() if evidence.homes.get(chunk) not in how.pictures]
    return _in_order(found)


def alone(evidence: Evidence, text: Mapping[int, float]) -> list[Found]:
    """Pages by their pictures; the text only decides which of its chunks is shown."""
    pages = {hit.place: hit.score for hit in evidence.arm.hits}
    return _in_order(
        [
            Found(score, _best(evidence.chunks.get(place, ()), text), place, by_picture=True)
            for place, score in pages.items()
        ]
    )


def _page(place: Place, chunks: Sequence[int], text: Mapping[int, float], how: Join) -> Found:
    best = _best(chunks, text)
    words = how.text_weight * (0.0 if best is None else text.get(best, 0.0))
    shown = how.pictures[place]
    return Found(words + shown, best, place, by_picture=shown > words)


def _best(chunks: Sequence[int], text: Mapping[int, float]) -> int | None:
    return max(chunks, key=lambda chunk: (text.get(chunk, 0.0), -chunk), default=None)


def _in_order(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda item: (-item.score, item.chunk or 0, item.place or (0, 0)))
