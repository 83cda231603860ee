"""A corpus to measure queries on: real abstracts with variations, vectors in clusters, several owners in one table."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import psycopg2
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.database import Database
from core.jobs import Job
from rag import store
from rag.chunk import Chunk

CHUNKS_A_PART = 500
STRAY_SENTENCES = 3  #: of other abstracts in each chunk
CLUSTERS = 500
DIMENSIONS = 384
#: Indexes that are built after loading: all at once is many times faster than row by row
DEFERRED = ("hybrid_dense_embeddings_384", "hybrid_bm25_index_term", "hybrid_bm25_index_chunk")


def abstracts() -> list[list[str]]:
    """The sentences of each of a judged collection's abstracts."""
    path = machine.evaluation_data() / "retrieval" / "scifact" / "corpus.jsonl"
    return [json.loads(line)["text"].split(". ") for line in path.read_text("utf-8").splitlines()]


def queries(wanted: int) -> list[str]:
    """The collection's queries, whole sentences of about twelve words."""
    path = machine.evaluation_data() / "retrieval" / "scifact" / "queries.jsonl"
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()][:wanted]


def chunk_texts(number: int, seed: int) -> Iterator[str]:
    """Texts of about 250 tokens, each of up to eight sentences of one abstract and some of others."""
    known, chance = abstracts(), random.Random(seed)  # noqa: S311
    for _ in range(number):
        own = chance.choice(known)
        kept = chance.sample(own, min(8, len(own)))
        yield ". ".join([*kept, *(chance.choice(chance.choice(known)) for _ in range(STRAY_SENTENCES))])


def vectors(number: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors (number, 384) in clusters, since independent ones would have no neighbours."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, DIMENSIONS))
    found = centres[chance.integers(CLUSTERS, size=number)] + 0.7 * chance.standard_normal((number, DIMENSIONS))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def load(database: Database, owners: Sequence[tuple[str, int]], space: str) -> None:
    """Give each owner so many chunks through the store, and bring statistics up to date as autovacuum does."""
    definitions = _without_indexes(database)
    for seed, (owner, number) in enumerate(owners):
        _store(database, owner, number, space, seed)
    with closing(psycopg2.connect(database.superuser_dsn)) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            for statement in [*definitions, "VACUUM ANALYZE"]:
                cursor.execute(statement)


def _without_indexes(database: Database) -> list[str]:
    """Drop the indexes that are slow to keep up; returns the statements that make them again."""
    with closing(psycopg2.connect(database.superuser_dsn)) as admin, admin, admin.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(to_regclass(name)) FROM unnest(%s) AS name", (list(DEFERRED),))
        definitions = [definition for (definition,) in cursor.fetchall()]
        cursor.execute(f"DROP INDEX {', '.join(DEFERRED)}")
    return definitions


def _store(database: Database, owner: str, number: int, space: str, seed: int) -> None:
    texts, embedded = list(chunk_texts(number, seed)), vectors(number, seed)
    document, parts = str(uuid.uuid4()), range(0, number, CHUNKS_A_PART)
    for part, first in enumerate(parts):
        some = texts[first : first + CHUNKS_A_PART]
        chunks = [
            Chunk(place, text, (), part + 1, part + 1, part + 1, 0, len(text), 250) for place, text in enumerate(some)
        ]
        job = _job(document, owner, part, len(parts))
        store.replace_part(database.application, job, chunks, embedded[first : first + CHUNKS_A_PART], space)


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
