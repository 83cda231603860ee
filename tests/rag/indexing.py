"""Chunks, jobs and vectors to store in tests."""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import connection

from core.jobs import Job
from rag import store
from rag.chunk import Chunk

OWNER = "user:alice"
SPACE = "test-model/fp32"


def chunks(*texts: str, **fields: Any) -> list[Chunk]:
    """Chunks in order, on page 1 and without headings, unless fields say otherwise."""
    values: dict[str, Any] = {"headings": (), "first_page": 1, "last_page": 1, "page": 1, "tokens": 10} | fields
    return [Chunk(ordinal, text, start=0, end=len(text), **values) for ordinal, text in enumerate(texts)]


def job(**fields: Any) -> Job:
    """The job of the only part of a new document, unless fields say otherwise."""
    values: dict[str, Any] = {
        "document_id": str(uuid.uuid4()),
        "bucket": "uploads",
        "key": "alice/report.pdf",
        "etag": "etag",
        "owner": OWNER,
        "file_name": "report.pdf",
        "media_type": "application/pdf",
        "size_bytes": 1000,
        "version": "0123456789abcdef",
        "generation": 1,
        "part": 0,
        "parts": 1,
        "first_page": 1,
        "last_page": 50,
        "total_pages": 50,
    }
    return Job(**(values | fields))


def unit_vectors(number: int, dimensions: int = 384, seed: int = 0) -> NDArray[np.float32]:
    """Random vectors (number, dimensions) of length 1."""
    found = np.random.default_rng(seed).standard_normal((number, dimensions))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def put(database: connection, texts: Sequence[str], vectors: NDArray[np.float32] | None = None, **fields: Any) -> Job:
    """Store a document of one part; returns its job."""
    done = job(**fields)
    embedded = unit_vectors(len(texts)) if vectors is None else vectors
    assert store.replace_part(database, done, chunks(*texts), embedded, SPACE).finished
    return done


def count(database: connection, table: str) -> int:
    """Rows of a table that this connection sees; as superuser all of them."""
    with database, database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        (rows,) = cursor.fetchone() or (0,)
        return int(rows)
