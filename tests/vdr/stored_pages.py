"""Pages stored in tests, by the code that workers store them with."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import connection

from core.jobs import Job
from rag import store as text_store
from tests.rag.indexing import SPACE, chunks, unit_vectors
from vdr import store
from vdr.multivector import encode
from vdr.store import PagePicture

PAGE_SPACE = "page-model/fp32"
Vectors = NDArray[np.float32]


def put_pictures(
    database: connection,
    job: Job,
    pages: Mapping[int, Vectors],
    *,
    space: str = PAGE_SPACE,
    encoding: Literal["bits", "float16"] = "float16",
    image_size: tuple[int, int] = (0, 0),
) -> int:
    """Store pages' vectors (n, d) of a part whose text is not stored yet; returns the version's key."""
    dimensions = next(iter(pages.values())).shape[1]
    keys = text_store.open_version(database, job, space, dimensions)
    assert keys is not None
    pictures = [PagePicture(page, vectors, image_size) for page, vectors in pages.items()]
    store.put_pages(database, job, keys, pictures, encoding)
    return keys.version_key


def put_text(database: connection, job: Job, texts: Mapping[int, str], *, finishes: bool = True) -> None:
    """Store a part's text, a chunk a page, which finishes the version when the part is its only one."""
    rows = [
        replace(chunk, ordinal=ordinal)
        for ordinal, (page, text) in enumerate(texts.items())
        for chunk in chunks(text, first_page=page, last_page=page, page=page)
    ]
    vectors = unit_vectors(len(rows)) if rows else np.zeros((0, 384), np.float32)
    assert text_store.replace_part(database, job, rows, vectors, SPACE).finished == finishes


def stored(vectors: Vectors, encoding: Literal["bits", "float16"]) -> Vectors:
    """Vectors (n, d) as they come back: rounded, or signs of unit length."""
    if encoding == "float16":
        return vectors.astype(np.float16).astype(np.float32)
    signs: Vectors = (np.where(vectors > 0, 1.0, -1.0) / np.sqrt(vectors.shape[1])).astype(np.float32)
    assert len(encode(vectors, encoding)) == vectors.size // 8
    return signs


def late_interaction(query: Vectors, page: Vectors) -> float:
    """The mean over the query's vectors of the best inner product, written out."""
    return float(np.mean([max(float(asked @ own) for own in page) for asked in query]))
