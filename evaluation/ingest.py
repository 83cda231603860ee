"""Ingest: texts and files through the real steps of the text pipeline, without queues, statuses or S3."""

import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core import media_types, parts, pdf_features
from core.jobs import Job
from evaluation.collection import Entry
from evaluation.run import Run
from rag import store
from rag.chunk import split
from rag.contextual import embed_in_context, embed_parts_in_context
from rag.extract import extract
from rag.pages import Extraction, Heading, Page

ENTRIES_AT_A_TIME = 256  #: enough that all processors embed, few enough that progress is seen


@dataclass
class Ingested:
    """A stored file, and where the time went."""

    document_id: str
    pages: int
    chunks: int = 0
    tokens: int = 0
    seconds: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  #: extract, chunk, embed, store

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the block's time to a stage."""
        begun = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - begun


def store_entries(run: Run, entries: Sequence[Entry]) -> dict[str, str]:
    """Store each entry as a document of its own; the entries' ids by document id. Those without text are left out."""
    ids: dict[str, str] = {}
    for start in range(0, len(entries), ENTRIES_AT_A_TIME):
        some = entries[start : start + ENTRIES_AT_A_TIME]
        chunked = [split(_extraction(entry), run.embedder.tokenizer, run.settings) for entry in some]
        vectors = embed_parts_in_context(chunked, run.embedder)  # (chunks, d) of each entry
        for entry, chunks, own in zip(some, chunked, vectors, strict=True):
            if chunks:
                (job,) = _jobs(run, entry.id, "text/plain", [(1, 1)])
                store.replace_part(run.database, job, chunks, own, run.embedder.space)
                ids[job.document_id] = entry.id
        run.progress("documents", start + len(some), len(entries))
    return ids


def _extraction(entry: Entry) -> Extraction:
    """An entry as a page whose first line is its title."""
    text = "\n\n".join(filter(None, (entry.title, entry.text)))
    headings = (Heading(0, 1, entry.title),) if entry.title else ()
    return Extraction((Page(1, text, "converted", headings=headings),), title=entry.title)


def store_file(run: Run, path: Path) -> Ingested:
    """Store a file part by part, as the workers do; raises DocumentError when it cannot be read."""
    with path.open("rb") as file:
        media_type = media_types.detect(file, path.name)
        pages = len(pdf_features.open_pdf(file)) if media_type == media_types.PDF else 1
    jobs = _jobs(run, path.name, media_type, parts.cut(pages, run.settings.text_part_pages))
    done = Ingested(jobs[0].document_id, pages)
    for job in jobs:
        _store_part(run, job, path, done)
        run.progress(path.name, job.last_page, pages)
    return done


def _store_part(run: Run, job: Job, path: Path, done: Ingested) -> None:
    with done.timed("extract"):
        extraction = extract(path, job.media_type, (job.first_page, job.last_page), run.settings, _ignore)
    with done.timed("chunk"):
        chunks = split(extraction, run.embedder.tokenizer, run.settings)
    with done.timed("embed"):
        vectors = embed_in_context(chunks, run.embedder)  # (chunks, d)
    with done.timed("store"):
        store.replace_part(run.database, job, chunks, vectors, run.embedder.space, gaps=extraction.gaps)
    done.chunks += len(chunks)
    done.tokens += sum(chunk.tokens for chunk in chunks)


def _ignore(_pages_done: int) -> None:
    """Progress within a part is not shown."""


def _jobs(run: Run, name: str, media_type: str, pages: Sequence[tuple[int, int]]) -> list[Job]:
    """The jobs of a new document, one a part, as the entry would send them."""
    document_id = str(uuid.uuid4())
    return [
        Job(
            document_id=document_id,
            bucket="evaluation",
            key=f"{run.owner}/{name}",
            etag="",
            owner=run.owner,
            file_name=name,
            media_type=media_type,
            size_bytes=0,
            version="evaluation",
            generation=1,
            part=part,
            parts=len(pages),
            first_page=first_page,
            last_page=last_page,
            total_pages=pages[-1][1],
        )
        for part, (first_page, last_page) in enumerate(pages)
    ]
