"""A corpus to measure queries on: real sentences in new combinations, vectors in clusters, two owners in one table."""

import json
import random
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg2
from numpy.typing import NDArray

from benchmarks import machine
from core.database import connect
from core.jobs import Job
from core.settings import Settings
from local import migrate, ports
from local.postgres import PostgresServer
from rag import store

CHUNKS_A_PART = 500
SENTENCES_A_CHUNK = 8
CLUSTERS = 500
DIMENSIONS = 384
DATABASE = "benchmark"
#: Indexes that are built after loading: all at once is many times faster than row by row
DEFERRED = ("hybrid_dense_embeddings_384", "hybrid_bm25_index_term", "hybrid_bm25_index_chunk")


@dataclass(frozen=True)
class Chunk:
    """What the store wants to know of a chunk."""

    ordinal: int
    text: str
    tokens: int = 256
    headings: tuple[str, ...] = ()
    first_page: int = 1
    last_page: int = 1
    start: int = 0
    end: int = 0
    context: str = ""


def sentences() -> list[str]:
    """The sentences of a judged collection's abstracts."""
    path = machine.evaluation_data() / "retrieval" / "scifact" / "corpus.jsonl"
    texts = (json.loads(line)["text"] for line in path.read_text("utf-8").splitlines())
    return [sentence for text in texts for sentence in text.split(". ") if len(sentence) > 30]


def queries(wanted: int) -> list[str]:
    """The collection's queries, whole sentences of about twelve words."""
    path = machine.evaluation_data() / "retrieval" / "scifact" / "queries.jsonl"
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()][:wanted]


def chunk_texts(number: int, seed: int) -> Iterator[str]:
    """Texts of about 256 tokens, each of sentences from all over the collection."""
    known, chance = sentences(), random.Random(seed)  # noqa: S311
    for _ in range(number):
        yield ". ".join(chance.choices(known, k=SENTENCES_A_CHUNK))


def vectors(number: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors (number, 384) in clusters, since independent ones would have no neighbours."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, DIMENSIONS))
    found = centres[chance.integers(CLUSTERS, size=number)] + 0.7 * chance.standard_normal((number, DIMENSIONS))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@dataclass(frozen=True)
class BenchmarkDatabase:
    """A server of its own with one migrated database."""

    server: PostgresServer
    settings: Settings

    @classmethod
    def start(cls, folder: Path) -> "BenchmarkDatabase":
        server = PostgresServer(folder, ports.free_port(), durable=False)
        known = server.start()
        migrate.create_database(server.dsn(known, database="postgres"), DATABASE)
        migrate.migrate(server.dsn(known, database=DATABASE))
        migrate.set_password(server.dsn(known, database=DATABASE), known.application)
        settings = Settings(
            rag_postgres_db_write_endpoint=f"127.0.0.1:{server.port}",
            rag_postgres_db_name=DATABASE,
            rag_postgres_db_sslmode="disable",
        )
        return cls(server, settings)

    def connect(self, *, read_only: bool = False) -> psycopg2.extensions.connection:
        """As the application role, under row-level security."""
        return connect(self.settings, lambda: self.server.passwords().application, read_only=read_only)

    def load(self, owner: str, number: int, space: str, seed: int) -> None:
        """Give an owner so many chunks, through the store."""
        texts, embedded = list(chunk_texts(number, seed)), vectors(number, seed)
        document = str(uuid.uuid4())
        parts = range(0, number, CHUNKS_A_PART)
        with closing(self.connect()) as database:
            for part, first in enumerate(parts):
                rows = [Chunk(place, text) for place, text in enumerate(texts[first : first + CHUNKS_A_PART])]
                job = _job(document, owner, part, len(parts))
                store.replace_part(database, job, rows, embedded[first : first + CHUNKS_A_PART], space)

    def without_indexes(self) -> list[str]:
        """Drop the indexes that are slow to keep up; returns the statements that make them again."""
        with closing(psycopg2.connect(self._dsn())) as admin, admin, admin.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(to_regclass(name)) FROM unnest(%s) AS name", (list(DEFERRED),))
            definitions = [definition for (definition,) in cursor.fetchall()]
            cursor.execute(f"DROP INDEX {', '.join(DEFERRED)}")
        return definitions

    def index(self, definitions: list[str]) -> None:
        """Make the indexes, and bring the planner's statistics up to date as autovacuum does."""
        with closing(psycopg2.connect(self._dsn())) as admin:
            admin.autocommit = True
            with admin.cursor() as cursor:
                for definition in [*definitions, "VACUUM ANALYZE"]:
                    cursor.execute(definition)

    def _dsn(self) -> str:
        return self.server.dsn(self.server.passwords(), database=DATABASE)


def _job(document: str, owner: str, part: int, parts: int) -> Job:
    return Job(
        document_id=document,
        bucket="benchmark",
        key=f"{owner}/{document}",
        etag="",
        owner=owner,
        file_name="benchmark.txt",
        media_type="text/plain",
        size_bytes=0,
        version="benchmark",
        generation=1,
        part=part,
        parts=parts,
        first_page=part + 1,
        last_page=part + 1,
        total_pages=parts,
    )
