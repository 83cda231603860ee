"""Ingest: texts and files through the real steps of both pipelines, without queues, statuses or S3."""

import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core import parts
from core.inspection import inspect
from core.jobs import Job
from core.parts import Part
from core.ranges import over
from core.route_pages import route_pages
from evaluation.collection import Entry
from evaluation.page_pictures import store_pictures
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
    )  #: extract, pictures, chunk, embed, store

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
                (job,) = _jobs(run, entry.id, "text/plain", [Part("text", 1, 1, "t")])
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
    """Store a file part by part, each page by the route that it takes; raises DocumentError when it cannot be read."""
    with path.open("rb") as file:
        found = inspect(over(file), path.name, run.settings)
    media_type, pages = found.media_type, found.pages
    routes = route_pages(path, media_type, list(range(1, pages + 1)), run.settings)
    cut = parts.cut(pages, routes, "text", parts.part_sizes(pages, run.settings))
    jobs = _jobs(run, path.name, media_type, cut)
    done = Ingested(jobs[0].document_id, pages)
    for number, job in enumerate(jobs, start=1):
        _store_part(run, job, path, done)
        run.progress(path.name, number * pages // len(jobs), pages)
    return done


def _store_part(run: Run, job: Job, path: Path, done: Ingested) -> None:
    pages = job.page_numbers
    visual = pages if job.route == "visual" else ()
    with done.timed("extract"):
        extraction = extract(path, job.media_type, pages, run.settings, _ignore, visual=visual)
    if visual:
        with done.timed("pictures"):
            store_pictures(run, job, path, extraction)
    with done.timed("chunk"):
        chunks = split(extraction, run.embedder.tokenizer, run.settings)
    with done.timed("embed"):
        vectors = embed_in_context(chunks, run.embedder)  # (chunks, d)
    with done.timed("store"):
        findings = store.Findings(gaps=extraction.gaps)
        store.replace_part(run.database, job, chunks, vectors, run.embedder.space, findings=findings)
    done.chunks += len(chunks)
    done.tokens += sum(chunk.tokens for chunk in chunks)


def _ignore(_pages_done: int) -> None:
    """Progress within a part is not shown."""


def _jobs(run: Run, name: str, media_type: str, cut: Sequence[Part]) -> list[Job]:
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
            part=number,
            parts=len(cut),
            first_page=part.first_page,
            last_page=part.last_page,
            total_pages=max(part.last_page for part in cut),
            route=part.route,
            page_routes=part.page_routes,
        )
        for number, part in enumerate(cut)
    ]
