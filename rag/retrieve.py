"""Retrieval: the two arms that find a caller's chunks, BM25 over words and nearest neighbours over vectors.

All functions want one cursor in one transaction of the caller, best a read-only one, which sees one snapshot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag import retrieve_sql
from rag.terms import content_words, term_hash, terms

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

#: Widths of vectors that have a graph (see the migrations)
GRAPH_DIMENSIONS = frozenset({384, 768, 1024, 1536})
#: An exact scan costs about 0.9 µs a vector; walking the graph costs about 4 µs for each row of the table that it must
#: look at to find a row of the caller. So the graph wins when chunks² > GRAPH_COST · table rows (measured, 384-d).
GRAPH_COST = 430
#: Nodes of the graph that are looked at; pgvector allows 1000
MIN_EF_SEARCH, MAX_EF_SEARCH = 100, 1000


@dataclass(frozen=True)
class Corpus:
    """What a caller can search, in numbers."""

    owners: tuple[int, ...]
    hidden: tuple[int, ...]  #: keys of versions that are not finished
    chunks: int
    terms: float  #: length of all chunks, in terms
    searched_chunks: int  #: as ``chunks``, within the documents that are asked for
    languages: tuple[str, ...]
    versions: tuple[int, ...]  #: keys of the versions of the documents that are asked for
    filtered: bool  #: whether documents are asked for
    space_id: int | None  #: None when nothing was ever stored in the query's vector space
    table_rows: int  #: chunks of all owners, about

    def parameters(self) -> dict[str, Any]:
        """What the statements want to know of the corpus."""
        return {
            "owners": list(self.owners),
            "hidden": list(self.hidden),
            "chunks": self.chunks,
            "average": self.terms / self.chunks if self.terms else 1.0,
            "versions": list(self.versions),
            "filtered": self.filtered,
            "space_id": self.space_id,
        }


@dataclass(frozen=True)
class Arm:
    """What one arm found, and what its scores are to be measured by."""

    ranking: tuple[int, ...] = ()  #: ids of the best chunks, the best first
    scores: Mapping[int, float] = field(default_factory=dict)  #: of these, and of other chunks that were asked for
    #: What a chunk scores that has nothing to do with the query: 0 for BM25, the mean similarity for vectors
    floor: float = 0.0
    #: What a perfect chunk scores: similarity 1, or the IDF of the query's words that occur in the corpus, all together
    ceiling: float = 1.0


@dataclass(frozen=True)
class Passage:
    """A chunk as a reader sees it."""

    document_id: str
    file_name: str
    document_pages: int
    first_page: int
    last_page: int
    page: int  #: the page that most of it is on
    headings: tuple[str, ...]
    content: str
    language: str


def corpus(
    cursor: "cursor", principals: Sequence[str], document_ids: Sequence[str] | None = None, space: str = ""
) -> Corpus:
    """The corpus of these principals; ``space`` is the vector space of the query.

    A search can be limited to some documents, named by id or by ``bucket#key``; unknown ones add nothing.
    """
    values = {
        "principals": list(principals),
        # PostgreSQL knows no text with NUL, so nothing is called by one
        "document_ids": None if document_ids is None else [name for name in document_ids if "\0" not in name],
        "space": space,
    }
    cursor.execute(retrieve_sql.CORPUS, values)
    owners, hidden, chunks, length, searched, languages, versions, space_id, table_rows = cursor.fetchone() or ()
    return Corpus(
        owners=tuple(owners),
        hidden=tuple(hidden),
        chunks=chunks,
        terms=length,
        searched_chunks=searched,
        languages=tuple(languages),
        versions=tuple(versions),
        filtered=document_ids is not None,
        space_id=space_id,
        table_rows=table_rows,
    )


def query_terms(query: str, languages: Sequence[str]) -> list[int]:
    """Hashes of the distinct terms of a query, stemmed in each language of the corpus.

    The query's own language is not known, but the one with most stop words among its words is likely to be it. These
    are left out in all languages: in a text of another language they would be rare words, and weigh much.
    """
    content = min((content_words(query, language) for language in languages), key=len, default=[])
    text = " ".join(content)
    found = {term for language in languages for term in terms(text, language)}
    return sorted(term_hash(term) for term in found)


def sparse(cursor: "cursor", searched: Corpus, query: str, limit: int, *, also: Sequence[int] = ()) -> Arm:
    """The best chunks by BM25, exactly, and the scores of the chunks ``also`` as far as they hold a word."""
    hashes = query_terms(query, searched.languages)
    if not hashes or not searched.searched_chunks:
        return Arm()
    values = searched.parameters() | {"terms": hashes, "limit": limit, "also": list(also)}
    cursor.execute(retrieve_sql.SPARSE, values)
    rows = cursor.fetchall()
    scores = {chunk: score for chunk, score, _ in rows}
    return Arm(tuple(scores)[:limit], scores, floor=0.0, ceiling=rows[0][2] if rows else 1.0)


def dense(cursor: "cursor", searched: Corpus, vector: NDArray[np.float32], limit: int, *, exact_scan_limit: int) -> Arm:
    """The chunks nearest to a query vector (d,) by cosine similarity.

    Exact for a caller of up to ``exact_scan_limit`` chunks, or of a large enough share of the table; by the graph else.
    """
    if searched.space_id is None or not searched.searched_chunks:
        return Arm()
    values = searched.parameters() | {"vector": as_text(vector), "limit": limit}
    if uses_graph(searched, len(vector), exact_scan_limit):
        statement = retrieve_sql.TAKE_GRAPH + retrieve_sql.DENSE_GRAPH.format(dimensions=len(vector))
        cursor.execute(statement, values | {"ef_search": min(MAX_EF_SEARCH, max(MIN_EF_SEARCH, 2 * limit))})
        arm = _arm(cursor)
        cursor.execute(retrieve_sql.RESET_PLANNER)
        if len(arm.ranking) == limit:
            return arm
    statement = retrieve_sql.DENSE_EXACT_IN_DOCUMENTS if searched.filtered else retrieve_sql.DENSE_EXACT
    cursor.execute(statement, values)
    return _arm(cursor)


def uses_graph(searched: Corpus, dimensions: int, exact_scan_limit: int) -> bool:
    """Whether walking the graph costs less than comparing every vector."""
    chunks = searched.searched_chunks
    worthwhile = chunks * chunks > GRAPH_COST * searched.table_rows
    return dimensions in GRAPH_DIMENSIONS and chunks > exact_scan_limit and worthwhile


def compare(
    cursor: "cursor", searched: Corpus, vector: NDArray[np.float32], ids: Sequence[int]
) -> dict[int, tuple[str, float | None]]:
    """The language of given chunks, and their similarity to a query vector; None in another vector space."""
    values = searched.parameters() | {"vector": as_text(vector), "ids": list(ids)}
    cursor.execute(retrieve_sql.COMPARE, values)
    return {chunk: (language, similarity) for chunk, language, similarity in cursor.fetchall()}


def passages(cursor: "cursor", searched: Corpus, ids: Sequence[int]) -> dict[int, Passage]:
    """The text of given chunks, and where it stands."""
    cursor.execute(retrieve_sql.PASSAGES, searched.parameters() | {"ids": list(ids)})
    found = {}
    for chunk, document_id, file_name, pages, first, last, page, headings, content, language in cursor.fetchall():
        place = (document_id, file_name, pages, first, last, page)
        found[chunk] = Passage(*place, tuple(headings), content, language)
    return found


def as_text(vector: NDArray[np.float32]) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(map(str, vector.tolist())) + "]"


def _arm(cursor: "cursor") -> Arm:
    rows = cursor.fetchall()
    scores = {chunk: score for chunk, score, _ in rows}
    return Arm(tuple(scores), scores, floor=rows[0][2] if rows else 0.0)
