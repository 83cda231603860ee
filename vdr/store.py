"""The store of pages as pictures: each page's vectors go in as soon as they are there, so that a try that is cut short
is taken up after its last page.

Nothing of it is found before the version is finished, which ``rag.store`` decides when the part's text is stored too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import numpy as np
import psycopg2.errors
from numpy.typing import NDArray

from core.database import copy_in, transaction
from core.jobs import Job
from core.progress import SupersededError
from rag.binary_copy import halfvecs, int16, int32, stream, text
from rag.part_rows import Keys
from vdr import multivector

if TYPE_CHECKING:
    from psycopg2.extensions import connection

STORED_PAGES = """
SELECT page_num FROM document_vdr_pages
WHERE version_key = %(version_key)s AND part = %(part)s AND space_id = %(space_id)s
    AND num_vectors > 0 AND image_width > 0
"""

STAGE = (
    "SET LOCAL client_min_messages = warning",  # no notice that the table exists already
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_pages (LIKE document_vdr_pages INCLUDING DEFAULTS)"
    " ON COMMIT DELETE ROWS",
)
COLUMNS = (
    "version_key, page_num, part, owner_id, document_id, space_id, dimensions, num_vectors, encoding,"
    " embedding_vectors, embedding, image_width, image_height"
)
COPY = f"COPY incoming_pages ({COLUMNS}) FROM STDIN (FORMAT binary)"
REPLACE = """
DELETE FROM document_vdr_pages USING incoming_pages AS new
WHERE document_vdr_pages.version_key = new.version_key AND document_vdr_pages.page_num = new.page_num
"""
INSERT = f"INSERT INTO document_vdr_pages ({COLUMNS}) SELECT {COLUMNS} FROM incoming_pages"  # noqa: S608


@dataclass(frozen=True)
class PagePicture:
    """A page as it is found by what it shows."""

    page: int
    vectors: NDArray[np.float32]  #: (n, d), L2-normalised rows; n is 0 for a page that the model has nothing to go by
    image_size: tuple[int, int]  #: pixels of the stored image; (0, 0) when there is none


def stored_pages(database: "connection", job: Job, keys: Keys) -> frozenset[int]:
    """The pages of this part that an earlier try has stored whole in the same vector space.

    One without an image or without vectors is a gap: it is tried again, so that this try knows of it too.
    """
    values = {"version_key": keys.version_key, "part": job.part, "space_id": keys.space_id}
    with transaction(database, [job.owner]) as cursor:
        cursor.execute(STORED_PAGES, values)
        return frozenset(page for (page,) in cursor.fetchall())


def put_pages(
    database: "connection",
    job: Job,
    keys: Keys,
    pages: Sequence[PagePicture],
    encoding: Literal["bits", "float16"],
) -> None:
    """Store pages, replacing what was stored of them; raises SupersededError when their version is gone."""
    rows = stream(_row(job, keys, page, encoding) for page in pages)
    try:
        with transaction(database, [job.owner]) as cursor:
            for statement in STAGE:
                cursor.execute(statement)
            copy_in(cursor, COPY, rows)
            cursor.execute(REPLACE)
            cursor.execute(INSERT)
    except psycopg2.errors.ForeignKeyViolation as error:
        raise SupersededError(f"generation {job.generation} of {job.document_id} is not wanted") from error


def _row(job: Job, keys: Keys, page: PagePicture, encoding: Literal["bits", "float16"]) -> tuple[bytes | None, ...]:
    count, dimensions = page.vectors.shape
    candidate = halfvecs(multivector.candidate(page.vectors)[None])[0] if count else None
    return (
        int32(keys.version_key),
        int32(page.page),
        int32(job.part),
        int32(keys.owner_id),
        UUID(job.document_id).bytes,
        int16(keys.space_id),
        int16(dimensions),
        int32(count),
        text(encoding),
        multivector.encode(page.vectors, encoding),
        candidate,
        *map(int32, page.image_size),
    )
