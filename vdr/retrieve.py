"""Retrieval: the caller's pages that show what a query asks for, by their vectors.

Candidates are found by the mean of each page's vectors, exactly or by a graph, and ranked by MaxSim over all of them.
All functions want one cursor in one transaction of the caller, best a read-only one, which sees one snapshot.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core import logs
from core.settings import Settings
from rag import retrieve_sql as text_sql
from rag.retrieve import GRAPH_COST, MAX_EF_SEARCH, MIN_EF_SEARCH, Corpus, as_text
from vdr import retrieve_sql
from vdr.maxsim import maxsim
from vdr.multivector import Vectors, candidate
from vdr.query_message import PageQuery

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

Place = tuple[int, int]  #: version_key and page: a page, for searches

GRAPH_DIMENSIONS = frozenset({128, 384, 768})  #: widths of vectors that have a graph (see the migrations)
DRAWN_PAGES = 25  #: compared with every query as well, to know what an arbitrary page scores


@dataclass(frozen=True)
class PageHit:
    """A page, and how well it fits a query."""

    version_key: int
    document_id: str
    page: int
    score: float  #: mean over the query's vectors of the best inner product with one of the page's, at most 1
    similarity: float  #: cosine similarity of the mean of the page's vectors and the mean of the query's

    @property
    def place(self) -> Place:
        """What the page is called in a ranking."""
        return self.version_key, self.page


@dataclass(frozen=True)
class PageArm:
    """The pages that were looked at, the best first, and what their scores are to be measured by."""

    hits: tuple[PageHit, ...] = ()
    floor: float = 0.0  #: what an arbitrary page of the caller scores
    ceiling: float = 1.0  #: what a page scores that has each vector of the query


@dataclass(frozen=True)
class Candidates:
    """Pages to compare with a query by all their vectors."""

    #: Those whose mean is nearest to the query's, the nearest first, with the part of their version that they are in
    nearest: Mapping[Place, int] = field(default_factory=dict)
    drawn: tuple[Place, ...] = ()  #: a few that were drawn from all


@dataclass(frozen=True)
class Pages:
    """The caller's pages in one vector space."""

    corpus: Corpus
    query: PageQuery
    space_id: int
    pages: int  #: about how many there are
    table_rows: int  #: pages of all owners, about

    def parameters(self) -> dict[str, Any]:
        """What the statements want to know."""
        mean = as_text(candidate(self.query.vectors))
        return self.corpus.parameters() | {"space_id": self.space_id, "vector": mean}


def has_pages(cursor: "cursor", principals: Sequence[str]) -> bool:
    """Whether these principals have any page with vectors, so that it is worth while to embed a query for pages."""
    cursor.execute(retrieve_sql.HAS_PAGES, {"principals": list(principals)})
    (found,) = cursor.fetchone() or (False,)
    return bool(found)


def pages_of(cursor: "cursor", searched: Corpus, query: PageQuery) -> Pages | None:
    """The caller's pages that a query can be compared with; None when there are none.

    Pages of several renderers are not compared with each other: those of the one with most pages are searched.
    """
    values = searched.parameters() | {"space": query.space, "dimensions": query.vectors.shape[1]}
    cursor.execute(retrieve_sql.SPACES, values)
    spaces = cursor.fetchall()
    if not spaces:
        return None
    if len(spaces) > 1:
        logs.warning("Pages of another renderer are left out", searched=spaces[0][1], spaces=len(spaces))
    space_id, _name, pages, table_rows = spaces[0]
    return Pages(searched, query, space_id, pages, table_rows)


def candidates(cursor: "cursor", searched: Pages, settings: Settings) -> Candidates:
    """The pages that may fit a query best, by their means.

    Exact for a caller of up to ``exact_scan_limit`` pages, or of a large enough share of the table; by the graph else.
    """
    limit = settings.vdr_candidates
    values = searched.parameters() | {"limit": limit, "drawn": DRAWN_PAGES}
    dimensions = searched.query.vectors.shape[1]
    if uses_graph(searched, dimensions, settings.exact_scan_limit):
        statement = text_sql.TAKE_GRAPH + retrieve_sql.GRAPH.format(dimensions=dimensions)
        cursor.execute(statement, values | {"ef_search": min(MAX_EF_SEARCH, max(MIN_EF_SEARCH, 2 * limit))})
        found = _candidates(cursor)
        cursor.execute(text_sql.RESET_PLANNER)
        if len(found.nearest) == limit:
            return found
    cursor.execute(retrieve_sql.EXACT, values)
    return _candidates(cursor)


def _candidates(cursor: "cursor") -> Candidates:
    rows = cursor.fetchall()
    return Candidates(
        nearest={(version_key, page): part for version_key, page, part, near in rows if near},
        drawn=tuple((version_key, page) for version_key, page, _part, near in rows if not near),
    )


def uses_graph(searched: Pages, dimensions: int, exact_scan_limit: int) -> bool:
    """Whether walking the graph costs less than comparing every page; the rule of the text's vectors."""
    worthwhile = searched.pages * searched.pages > GRAPH_COST * searched.table_rows
    return dimensions in GRAPH_DIMENSIONS and searched.pages > exact_scan_limit and worthwhile


def rank(cursor: "cursor", searched: Pages, places: Collection[Place], drawn: Collection[Place] = ()) -> PageArm:
    """Given pages by all their vectors, as far as they are visible, in this space, and have any.

    The floor is the mean score of all pages but the best: of those given, and of those ``drawn`` for all the others.
    """
    wanted = set(places)
    found, ceiling = _scored(cursor, searched, wanted | set(drawn))
    hits = sorted((hit for hit in found if hit.place in wanted), key=lambda hit: (-hit.score, hit.place))
    given = [hit.score for hit in hits]
    others = [hit.score for hit in found if hit.place not in wanted]
    return PageArm(tuple(hits), _floor(given, others, searched.pages), ceiling)


def _floor(given: Sequence[float], others: Sequence[float], pages: int) -> float:
    """The mean of some pages' scores and of the rest, of which others were drawn; without the best of all pages.

    Without it, because among few pages the one that is asked for would be its own measure.
    """
    total = max(pages if others else 0, len(given) + len(others))
    if total < 2:
        return 0.0
    drawn = float(np.mean(others)) if others else 0.0
    everything = sum(given) + (total - len(given)) * drawn
    return (everything - max([*given, *others])) / (total - 1)


def image_generations(cursor: "cursor", owners: Sequence[int], places: Collection[Place]) -> dict[Place, int]:
    """For those of the pages that have a stored image the generation that its name holds."""
    if not places:
        return {}
    cursor.execute(retrieve_sql.IMAGES, _named(places) | {"owners": list(owners)})
    return {(version_key, page): generation for version_key, page, generation in cursor.fetchall()}


def _scored(cursor: "cursor", searched: Pages, places: Collection[Place]) -> tuple[list[PageHit], float]:
    """The pages with their scores, and the highest score that a page stored in this way can have."""
    if not places:
        return [], 1.0
    cursor.execute(retrieve_sql.VECTORS, searched.parameters() | _named(places))
    rows = cursor.fetchall()
    asked = searched.query.vectors  # (q, d)
    if not rows:
        return [], 1.0
    encoding = rows[0][3]  # of all: an embedder has one, and it is part of what the space names
    stored = [(bytes(data), number) for *_, number, data, _similarity in rows]
    scores = maxsim(asked, stored, asked.shape[1], encoding) / len(asked)  # (pages,)
    hits = [
        PageHit(version_key, document_id, page, float(score), similarity)
        for (version_key, page, document_id, *_, similarity), score in zip(rows, scores, strict=True)
    ]
    return hits, _ceiling(asked, encoding)


def _ceiling(asked: Vectors, encoding: str) -> float:
    """What a page scores that has each of the query's vectors, as it would be stored."""
    if encoding == "bits":  # a vector's product with its own signs by 1/√d
        return float(np.abs(asked).sum(axis=1).mean() / np.sqrt(asked.shape[1]))
    return float(np.linalg.norm(asked, axis=1).mean())


def _named(places: Iterable[Place]) -> dict[str, list[int]]:
    in_order = sorted(places)
    return {"version_keys": [key for key, _ in in_order], "pages": [page for _, page in in_order]}
