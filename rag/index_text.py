"""Index text: some pages of a file to chunks with their vectors, as both pipelines do it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.aws import Services
from core.errors import DocumentError
from core.jobs import Gap, Job
from core.status import Status
from rag.chunk import Chunk, split
from rag.contextual import embed_in_context
from rag.embed import TextEmbedder, Vectors, text_embedder
from rag.extract import extract
from rag.pages import Extraction

#: What may go wrong with some pages of a document while others can be read
PARTIAL_FAILURES = {"corrupt", "parse_timeout", "parse_memory", "too_large_when_unpacked"}
CHUNKED = 0.03  #: share of the time that chunking takes, of chunking and embedding (measured)

Report = Callable[[Status, float, int], None]  #: stage, how far it is (0 to 1), pages done
Timed = Callable[[Status], AbstractContextManager[dict[str, Any]]]  #: times a stage and logs the figures put into it


@dataclass(frozen=True)
class Source:
    """A file on disk and which of its pages are wanted."""

    path: Path
    media_type: str
    pages: Sequence[int]
    visual: Collection[int] = ()  #: those whose whole picture is to be read as well


@dataclass(frozen=True)
class IndexedText:
    """Chunks with their vectors, and the space these are in."""

    chunks: Sequence[Chunk]
    vectors: Vectors  # (chunks, dimensions)
    space: str


def read_text(job: Job, source: Source, services: Services, report: Report, timed: Timed) -> Extraction:
    """The text of the source's pages; a part that cannot be read is all gaps where the document has other parts.

    Raises DocumentError.
    """

    def done(pages: int) -> None:
        report(Status.EXTRACTING_TEXT, pages / max(1, len(source.pages)), 0)

    report(Status.EXTRACTING_TEXT, 0.0, 0)
    with timed(Status.EXTRACTING_TEXT) as counted:
        try:
            extraction = extract(
                source.path, source.media_type, source.pages, services.settings, done, visual=source.visual
            )
        except DocumentError as error:
            extraction = _unread(job, source, error)
        counted["pages"] = len(extraction.pages)
    return extraction


def _unread(job: Job, source: Source, error: DocumentError) -> Extraction:
    """No text: blank pages are none of the part's faults, and where other parts remain its pages are gaps."""
    if error.code == "no_text":
        return Extraction(pages=())
    if job.parts > 1 and error.code in PARTIAL_FAILURES:
        return Extraction((), tuple(Gap(page, error.message) for page in source.pages))
    raise error


def index_text(extraction: Extraction, services: Services, report: Report, timed: Timed) -> IndexedText:
    """The text cut into chunks and embedded."""
    embedder = text_embedder(services.settings)
    with timed(Status.CHUNKING) as counted:
        chunks = split(extraction, embedder.tokenizer, services.settings)
        counted["chunks"] = len(chunks)
    with timed(Status.EMBEDDING) as counted:
        vectors = _embed(chunks, embedder, len(extraction.pages), report)
        counted["tokens"] = sum(chunk.tokens for chunk in chunks)
    return IndexedText(chunks, vectors, embedder.space)


def _embed(chunks: Sequence[Chunk], embedder: TextEmbedder, pages: int, report: Report) -> Vectors:
    def done(count: int) -> None:
        report(Status.EMBEDDING, CHUNKED + (1 - CHUNKED) * count / len(chunks), pages * count // len(chunks))

    report(Status.EMBEDDING, CHUNKED, 0)
    return embed_in_context(chunks, embedder, done)  # (chunks, dimensions)
