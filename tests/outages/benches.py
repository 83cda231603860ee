"""Workers over servers that can be killed while they work."""

from collections.abc import Callable
from dataclasses import replace

from psycopg2.extensions import connection

from core.errors import TransientError
from core.jobs import Job
from core.routing import Route
from core.status import DocumentStatus
from tests.core.pdf_pages import lines, pdf
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.outages.databases import Connector
from tests.pipelines import Bench

LEASE_SECONDS = 3  #: after which a part of a worker that could not say good-bye is free again
PAGES = [lines(40, words=words) for words in ("the ferry leaves", "tides and winds", "a harbour master")]
PAPERS: dict[Route, bytes] = {"text": pdf(*PAGES), "visual": pdf(PAGES[0])}
#: What searches find of an owner, but for the keys that count every version
STORED = """
SELECT (SELECT array_agg((part, ordinal, page, heading, content, language)::text || embedding ORDER BY chunk_id)
        FROM hybrid_dense_embeddings),
       (SELECT array_agg((term, tf, dl)::text ORDER BY chunk_id, term) FROM hybrid_bm25_index),
       (SELECT array_agg((part, chunks, tokens)::text ORDER BY part) FROM document_parts),
       (SELECT array_agg((page_num, part)::text ORDER BY page_num) FROM document_pages),
       (SELECT array_agg((page_num, num_vectors)::text || embedding_vectors ORDER BY page_num) FROM document_vdr_pages),
       (SELECT array_agg(state) FROM document_versions)
"""
#: Rows of text whose part is not recorded as finished
HALF_THERE = """
SELECT (SELECT count(*) FROM hybrid_dense_embeddings) - (SELECT coalesce(sum(chunks), 0) FROM document_parts)
"""


class MortalBench(Bench):
    """An owner and her workers; ``before`` is called before each use of the database, with its number from 1."""

    def __init__(self, emulator: TestEmulator, database: TestDatabase, connector: Connector) -> None:
        super().__init__(emulator, database, connector(), lease_seconds=LEASE_SECONDS)
        self.before: Callable[[int], None] = lambda use: None
        self._connector = connector
        self._uses = 0
        self.services = replace(self.services, database=self._database)
        self.jobs()  # what earlier tests left waiting

    def _database(self) -> connection:
        self._uses += 1
        self.before(self._uses)
        return self._connector()

    def paper(self, route: Route) -> DocumentStatus:
        """A paper whose pages all take this route, taken in."""
        return self.upload(PAPERS[route], f"{route}.pdf", rag_route=route)

    def work_until_disturbed(self) -> list[Job]:
        """Works until a worker raises; the jobs that were not done, which the queue delivers again."""
        waiting = self.jobs()
        while waiting:
            try:
                self.work(waiting[0])
            except TransientError:
                return waiting
            waiting = [*waiting[1:], *self.jobs()]
        raise AssertionError("nothing disturbed the work")

    def stored(self) -> list[tuple[object, ...]]:
        """What searches find of the owner."""
        self.database = self._connector()
        return self.rows(STORED)

    def half_there(self) -> int:
        """Rows of parts that are not finished."""
        self.database = self._connector()
        return int(self.rows(HALF_THERE)[0][0])
