"""The rows of a part, packed for COPY. Pure but for the models that tell languages apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.jobs import Job
from rag.binary_copy import halfvecs, int16, int32, int64, integers, stream, text, text_array
from rag.chunk_ids import chunk_id
from rag.languages import languages_of
from rag.postings import Postings, postings_of

if TYPE_CHECKING:
    from rag.chunk import Chunk


@dataclass(frozen=True)
class Keys:
    """The small numbers that stand for a version, its owner and its vector space."""

    version_key: int
    owner_id: int
    space_id: int


@dataclass(frozen=True)
class PartRows:
    """What a part adds to the index."""

    chunks: bytes  #: COPY stream in the order of store_sql.CHUNK_COLUMNS
    postings: bytes  #: COPY stream in the order of store_sql.POSTING_COLUMNS
    lengths: Postings
    languages: tuple[str, ...]
    tokens: int  #: of the embedding model


def part_rows(job: Job, chunks: Sequence["Chunk"], vectors: NDArray[np.float32], keys: Keys) -> PartRows:
    """The rows of a part; vectors is (chunks, dimensions)."""
    languages = languages_of([chunk.text for chunk in chunks])
    lengths = postings_of([indexed_text(chunk) for chunk in chunks], languages)
    ids = [chunk_id(keys.version_key, job.part, chunk.ordinal) for chunk in chunks]
    return PartRows(
        chunks=stream(_chunk_rows(job, chunks, vectors, keys, ids=ids, languages=languages)),
        postings=integers(_posting_columns(lengths, ids, keys.owner_id)),
        lengths=lengths,
        languages=tuple(sorted(set(languages))),
        tokens=sum(chunk.tokens for chunk in chunks),
    )


def indexed_text(chunk: "Chunk") -> str:
    """What BM25 counts: the chunk's words and those of its headings, by which it is looked for as well."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def _chunk_rows(
    job: Job,
    chunks: Sequence["Chunk"],
    vectors: NDArray[np.float32],
    keys: Keys,
    *,
    ids: Sequence[int],
    languages: Sequence[str],
) -> Iterator[tuple[bytes, ...]]:
    document = UUID(job.document_id).bytes
    version = (int32(keys.owner_id), int32(keys.version_key), int32(job.part))
    space = (int16(keys.space_id), int16(vectors.shape[1]))
    for identity, chunk, language, vector in zip(ids, chunks, languages, halfvecs(vectors), strict=True):
        pages = (chunk.first_page, chunk.last_page, chunk.page)
        place = (chunk.ordinal, *pages, chunk.start, chunk.end, chunk.tokens)
        words = (text(language), text_array(chunk.headings), text(chunk.text))
        yield (int64(identity), document, *version, *map(int32, place), *space, *words, vector)


def _posting_columns(
    lengths: Postings, ids: Sequence[int], owner_id: int
) -> dict[str, NDArray[np.int32] | NDArray[np.int64]]:
    return {
        "term": lengths.terms,
        "chunk_id": np.array(ids, np.int64)[lengths.chunks],
        "owner_id": np.full(len(lengths.terms), owner_id, np.int32),
        "tf": lengths.tf,
        "dl": lengths.dl,
    }
