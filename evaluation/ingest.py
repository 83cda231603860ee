"""Ingest: texts and files through the real steps of the text pipeline, without queues, statuses or S3."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core import media_types, parts, pdf_features
from core.settings import Settings
from evaluation.collection import Entry
from evaluation.owner import part_job
from rag import store
from rag.chunk import split
from rag.embed import TextEmbedder
from rag.extract import extract
from rag.pages import Extraction, Heading, Page

if TYPE_CHECKING:
    from psycopg2.extensions import connection

Progress = Callable[[str, int, int], None]  #: what is being done, how many are done, of how many

ENTRIES_AT_A_TIME = 256  #: enough that all processors embed, few enough that progress is seen


@dataclass
class Ingested:
    """A stored document, and where the time went."""

    document_id: str
    pages: int
    chunks: int = 0
    tokens: int = 0
    seconds: Counter[str] = field(default_factory=Counter)  #: by stage: extract, chunk, embed, store

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - begun


def store_entries(
    database: "connection",
    owner: str,
    entries: Sequence[Entry],
    embedder: TextEmbedder,
    settings: Settings,
    progress: Progress,
) -> dict[str, str]:
    """Store each entry as a document of its own; the entry's id by document id. Entries without text are left out."""
    ids: dict[str, str] = {}
    for start in range(0, len(entries), ENTRIES_AT_A_TIME):
        some = entries[start : start + ENTRIES_AT_A_TIME]
        chunked = [split(_extraction(entry), embedder.tokenizer, settings, file_name="") for entry in some]
        vectors = embedder([chunk.embedded for chunks in chunked for chunk in chunks])  # (all chunks, d)
        first = 0
        for entry, chunks in zip(some, chunked, strict=True):
            own = vectors[first : first + len(chunks)]  # (chunks, d)
            first += len(chunks)
            if chunks:
                job = part_job(owner, entry.id, "text/plain", document_id=str(uuid.uuid4()))
                store.replace_part(database, job, chunks, own, embedder.space)
                ids[job.document_id] = entry.id
        progress("documents", start + len(some), len(entries))
    return ids


def _extraction(entry: Entry) -> Extraction:
    """An entry as a page whose first line is its title."""
    text = "\n\n".join(filter(None, (entry.title, entry.text)))
    headings = (Heading(0, 1, entry.title),) if entry.title else ()
    return Extraction((Page(1, text, "converted", sections=headings),), title=entry.title)


def store_file(
    database: "connection",
    owner: str,
    path: Path,
    embedder: TextEmbedder,
    settings: Settings,
    progress: Progress,
) -> Ingested:
    """Store a file part by part, as the workers do; raises DocumentError when it cannot be read."""
    with path.open("rb") as file:
        media_type = media_types.detect(file, path.name)
        pages = len(pdf_features.open_pdf(file)) if media_type == media_types.PDF else 1
    done = Ingested(str(uuid.uuid4()), pages)
    runs = parts.cut(pages, settings.text_part_pages)
    for number, (first_page, last_page) in enumerate(runs):
        job = part_job(owner, path.name, media_type, document_id=done.document_id, part=number, pages=runs)
        with done.timed("extract"):
            extraction = extract(path, media_type, first_page, last_page, settings, _ignore)
        with done.timed("chunk"):
            chunks = split(extraction, embedder.tokenizer, settings, file_name=path.name)
        with done.timed("embed"):
            vectors = embedder([chunk.embedded for chunk in chunks])  # (chunks, d)
        with done.timed("store"):
            store.replace_part(database, job, chunks, vectors, embedder.space, gaps=extraction.gaps)
        done.chunks += len(chunks)
        done.tokens += sum(chunk.tokens for chunk in chunks)
        progress(path.name, last_page, pages)
    return done


def _ignore(_pages_done: int) -> None:
    """Progress within a part is not shown."""
