"""Documents as the entry and the workers leave them: states in DynamoDB, rows in PostgreSQL."""

import numpy as np

from core.jobs import Gap, Job
from core.status import DocumentStatus, Status
from core.status_store import Upload
from rag import store
from rag.chunk import Chunk
from tests.api.conftest import Caller
from tests.emulators import UPLOADS

PAGES, PART_PAGES = 60, 50


def upload_of(caller: Caller, name: str = "leave.pdf", version: str = "0123456789abcdef", owner: str = "") -> Upload:
    return Upload(
        bucket=UPLOADS,
        key=f"{caller.subject}/{name}",
        owner=owner or caller.principal,
        file_name=name,
        media_type="application/pdf",
        size=31,
        version=version,
    )


def begin(caller: Caller, name: str = "leave.pdf", owner: str = "") -> DocumentStatus:
    """A document of sixty pages in two parts, whose jobs are queued."""
    statuses = caller.services.statuses
    begun = statuses.begin(upload_of(caller, name, owner=owner), routing={"route": "text"}, total_pages=PAGES, parts=2)
    return statuses.queued(begun.status)


def job(status: DocumentStatus, part: int) -> Job:
    return Job(
        document_id=status.document_id,
        bucket=status.bucket,
        key=status.key,
        etag="e",
        owner=status.owner,
        file_name=status.file_name,
        media_type=status.media_type,
        size_bytes=status.size,
        version=status.version,
        generation=status.generation,
        part=part,
        parts=2,
        first_page=1 + part * PART_PAGES,
        last_page=min(PAGES, (part + 1) * PART_PAGES),
        total_pages=PAGES,
    )


def process(caller: Caller, status: DocumentStatus, parts: tuple[int, ...] = (0, 1)) -> None:
    """What workers do with those parts: two chunks each; page 7 cannot be read."""
    chunks = [
        Chunk(
            ordinal=n, text=f"leave {n}", headings=(), first_page=1, last_page=2, page=1, start=n, end=n + 1, tokens=3
        )
        for n in range(2)
    ]
    vectors = np.eye(2, 384, dtype=np.float32)  # (2, 384)
    for part in parts:
        gaps = [Gap(7, "no text")] if part == 0 else []
        one = job(status, part)
        caller.services.statuses.report(one, Status.STORING, fraction=1.0, pages_done=one.pages)
        result = store.replace_part(caller.services.database(), one, chunks, vectors, "test-model/fp32", gaps=gaps)
        if result.finished:
            details = {"chunks": result.chunks, "gaps": result.gaps}
            caller.services.statuses.finish(one, Status.COMPLETED_WITH_GAPS, details)
