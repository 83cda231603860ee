"""A judged collection: documents, queries, and which documents answer which query."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from evaluation.lines import MalformedDataError, field, lines, objects

Judgements = dict[str, dict[str, int]]  #: query id -> document id -> relevance, 0 for not relevant


@dataclass(frozen=True)
class Entry:
    """One document of the collection."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    """One query of the collection."""

    id: str
    text: str


@dataclass(frozen=True)
class Collection:
    """The documents, the queries that have judgements, and the judgements."""

    entries: tuple[Entry, ...]
    queries: tuple[Query, ...]
    judgements: Judgements


def read(directory: Path) -> Collection:
    """The collection in a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.

    Fields and columns as BEIR, MTEB or TREC name them. A query without judgements is left out, as those files often
    hold the queries of other splits too. A judged document that the corpus lacks stays: it counts as not found.
    Raises MalformedDataError, naming file and line.
    """
    entries = tuple(_unique(_entries(directory / "corpus.jsonl")))
    judgements = _judgements(directory / "qrels.tsv")
    queries = tuple(query for query in _unique(_queries(directory / "queries.jsonl")) if query.id in judgements)
    if not entries or not queries:
        raise MalformedDataError(f"{directory}: there are no documents or no queries with judgements")
    known = {query.id for query in queries}
    return Collection(entries, queries, {key: judged for key, judged in judgements.items() if key in known})


Identified = TypeVar("Identified", Entry, Query)


def _unique(placed: Iterable[tuple[str, Identified]]) -> Iterator[Identified]:
    seen: set[str] = set()
    for place, item in placed:
        if item.id in seen:
            raise MalformedDataError(f"{place}: the id {item.id} was used before")
        seen.add(item.id)
        yield item


def _entries(path: Path) -> Iterator[tuple[str, Entry]]:
    for place, value in objects(path):
        identity = field(value, place, "_id", "id", "doc_id", "docid")
        text = field(value, place, "text", "contents", "content", "body")
        yield place, Entry(identity, str(value.get("title") or ""), text)


def _queries(path: Path) -> Iterator[tuple[str, Query]]:
    for place, value in objects(path):
        identity = field(value, place, "_id", "id", "query_id", "qid")
        yield place, Query(identity, field(value, place, "text", "query", "question"))


def _judgements(path: Path) -> Judgements:
    """Three columns (query, document, relevance) or TREC's four (query, iteration, document, relevance)."""
    judgements: Judgements = {}
    for number, (place, line) in enumerate(lines(path)):
        columns = line.rstrip("\r").split("\t") if "\t" in line else line.split()
        if len(columns) not in {3, 4}:
            raise MalformedDataError(f"{place}: has {len(columns)} columns, not 3 or 4")
        try:
            relevance = int(float(columns[-1]))
        except ValueError as error:
            if number == 0:
                continue  # the header
            raise MalformedDataError(f"{place}: relevance {columns[-1]!r} is not a number") from error
        judgements.setdefault(columns[0].strip(), {})[columns[-2].strip()] = relevance
    return judgements
