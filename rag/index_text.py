"""Index text: some pages of a file to chunks with their vectors, as both pipelines do it."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core import metrics
from core.aws import Services
from core.errors import DocumentError
from core.jobs import Gap, Job
from core.lease import LeaseLostError
from core.progress import OutOfTimeError, SupersededError
from core.status import Status
from rag.chunk import Chunk, Tokenizer, split
from rag.contextual import embed_in_context
from rag.embed import TextEmbedder, Vectors, text_embedder
from rag.extract import extract
from rag.pages import Extraction
from rag.stage_outputs import stage_output

#: What may go wrong with some pages of a document while others can be read
PARTIAL_FAILURES = {"corrupt", "parse_timeout", "parse_memory", "too_large_when_unpacked"}
REPORTED_EVERY_SECONDS = 1.0
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

    What an earlier try at the part has read is not read again. Raises DocumentError.
    """

    def done(pages: int) -> None:
        report(Status.EXTRACTING_TEXT, pages / max(1, len(source.pages)), 0)

    report(Status.EXTRACTING_TEXT, 0.0, 0)
    with timed(Status.EXTRACTING_TEXT) as counted:
        try:
            extraction = extract(
                source.path,
                source.media_type,
                source.pages,
                services.settings,
                done,
                visual=source.visual,
                stage=partial(stage_output, job, services.blobs, "pages"),
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
        chunks = split(extraction, _Watched(embedder.tokenizer, report), services.settings)
        counted["chunks"] = len(chunks)
    with timed(Status.EMBEDDING) as counted, counting_failures(len(chunks)):
        vectors = _embed(chunks, embedder, len(extraction.pages), report)
        counted["tokens"] = sum(chunk.tokens for chunk in chunks)
    return IndexedText(chunks, vectors, embedder.space)


@contextmanager
def counting_failures(chunks: int) -> Iterator[None]:
    """Count the chunks as failed when the block does not embed or store them, unless they need not be."""
    try:
        yield
    except (SupersededError, OutOfTimeError, LeaseLostError):
        raise
    except Exception:
        metrics.put({"FailedChunks": chunks})
        raise


class _Watched:
    """The tokenizer of a part whose text may be long: what it is given comes in slices, between which it reports."""

    def __init__(self, tokenizer: Tokenizer, report: Report) -> None:
        self._tokenizer = tokenizer
        self._report = report
        self._reported = time.monotonic()

    def offsets(self, text: str) -> list[tuple[int, int]]:
        if time.monotonic() - self._reported > REPORTED_EVERY_SECONDS:
            self._report(Status.CHUNKING, 0.0, 0)
            self._reported = time.monotonic()
        return self._tokenizer.offsets(text)


def _embed(chunks: Sequence[Chunk], embedder: TextEmbedder, pages: int, report: Report) -> Vectors:
    def done(count: int) -> None:
        report(Status.EMBEDDING, CHUNKED + (1 - CHUNKED) * count / len(chunks), pages * count // len(chunks))

    report(Status.EMBEDDING, CHUNKED, 0)
    return embed_in_context(chunks, embedder, done)  # (chunks, dimensions)
