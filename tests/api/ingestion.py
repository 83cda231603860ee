"""Documents as the entry and the workers leave them: states in DynamoDB, rows in PostgreSQL."""

import numpy as np

from core.database import transaction
from core.jobs import Gap, Job, Notice
from core.status import DocumentStatus, Status
from core.status_store import Upload
from rag import store
from rag.chunk import Chunk
from rag.page_records import PageRecord
from tests.api.conftest import Caller
from tests.emulators import UPLOADS

PAGES, PART_PAGES = 60, 50
PICTURED, UNREADABLE, UNRENDERED = 3, 7, 9  #: a page with an image, one without text, a visual one without an image
NOTICE = Notice("no_office", "LibreOffice is not installed: page images were left out.")
SPACE = "test-model/fp32"

INSERT_PICTURE = """
INSERT INTO document_vdr_pages (version_key, page_num, part, owner_id, document_id, space_id, dimensions, num_vectors,
                                encoding, embedding_vectors, embedding, image_width, image_height)
VALUES (%s, %s, %s, %s, %s, %s, 128, 1, 'bits', %s, %s, 1600, 900)
"""


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
    """What workers do with those parts: two chunks each; page 7 cannot be read, page 3 has an image."""
    chunks = [
        Chunk(
            ordinal=n, text=f"leave {n}", headings=(), first_page=1, last_page=2, page=1, start=n, end=n + 1, tokens=3
        )
        for n in range(2)
    ]
    vectors = np.eye(2, 384, dtype=np.float32)  # (2, 384)
    for part in parts:
        one = job(status, part)
        caller.services.statuses.report(one, Status.STORING, fraction=1.0, pages_done=one.pages)
        if part == 0:
            picture(caller, one)
        result = store.replace_part(caller.services.database(), one, chunks, vectors, SPACE, findings=findings(one))
        if result.finished:
            details = {"chunks": result.chunks, "gaps": result.gaps}
            caller.services.statuses.finish(one, Status.COMPLETED_WITH_GAPS, details)


def findings(one: Job) -> store.Findings:
    """What the worker of a part found out besides its text."""
    return store.Findings(
        gaps=[Gap(UNREADABLE, "no text")] if one.part == 0 else [],
        pages=[page_record(page) for page in range(one.first_page, one.last_page + 1)],
        notices=[NOTICE],  # both parts say the same
        pictures={"found": 3, "described": 0, "read": 1, "skipped": 2},
    )


def page_record(page: int) -> PageRecord:
    if page == UNREADABLE:
        return PageRecord(page, "text", "almost empty: 0 characters", "", 0)
    if page in {PICTURED, UNRENDERED}:
        return PageRecord(page, "visual", "slide shape with 90 characters", "text-layer+ocr", 90)
    return PageRecord(page, "text", "prose: 2000 characters", "text-layer", 2000)


def picture(caller: Caller, one: Job) -> None:
    """The row of the page that has an image; a worker that comes too late writes none."""
    keys = store.open_version(caller.services.database(), one, SPACE, 384)
    if keys is None:
        return
    vector = np.full(128, 128**-0.5, np.float32)  # (128,)
    with transaction(caller.services.database(), [one.owner]) as cursor:
        ids = (keys.version_key, PICTURED, one.part, keys.owner_id, one.document_id, keys.space_id)
        cursor.execute(INSERT_PICTURE, (*ids, bytes(16), vector))
