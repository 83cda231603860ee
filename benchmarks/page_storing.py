"""Where a benchmark stores pages: a throw-away PostgreSQL, and the S3 of a throw-away emulator."""

import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.database import throwaway_database
from core.blobs import Blobs, ImageSize, page_image_key
from core.jobs import Job
from local.emulator import Emulator
from local.ports import free_port
from local.settings import StackSettings
from rag.store import open_version
from vdr.embed import PageInput
from vdr.multivector import Vectors
from vdr.store import PagePicture, put_pages

BUCKET = "benchmark-derived"
SIZES: tuple[ImageSize, ...] = ("large", "small")


@contextmanager
def storing() -> Iterator[Callable[[PageInput, Vectors, Sequence[bytes]], None]]:
    """A function that keeps a page as the worker does: its packed vectors in a transaction, its images as objects."""
    with tempfile.TemporaryDirectory() as folder, throwaway_database() as database:
        emulator = Emulator(StackSettings(state=Path(folder), aws_port=free_port()))
        try:
            emulator.start()
            emulator.client("s3").create_bucket(Bucket=BUCKET)
            blobs, job = Blobs(emulator.client("s3"), BUCKET), _job()

            def store(page: PageInput, vectors: Vectors, images: Sequence[bytes]) -> None:
                keys = open_version(database.application, job, "benchmark", vectors.shape[1])
                assert keys is not None and page.image is not None
                for size, data in zip(SIZES, images, strict=True):
                    blobs.put_derived(page_image_key(job.document_id, 1, page.page, size), data, "image/webp")
                picture = PagePicture(page.page, vectors, page.image.size)
                put_pages(database.application, job, keys, [picture], "bits")

            yield store
        finally:
            emulator.stop()


def _job() -> Job:
    return Job(
        document_id=str(uuid.uuid4()),
        bucket="benchmark",
        key="benchmark/deck.pdf",
        etag="",
        owner="user:benchmark",
        file_name="deck.pdf",
        media_type="application/pdf",
        size_bytes=0,
        version="benchmark",
        generation=1,
        part=0,
        parts=1,
        first_page=1,
        last_page=1,
        total_pages=1,
        route="visual",
    )
