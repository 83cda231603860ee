"""Jobs and uploads for tests of states."""

from typing import Any

from core.generations import Upload
from core.jobs import Job
from core.status import DocumentStatus

OWNER = "user:ann"


def upload(key: str = "ann/handbook.pdf", **fields: Any) -> Upload:
    """An upload of ann's."""
    known: dict[str, Any] = {
        "bucket": "uploads",
        "owner": OWNER,
        "file_name": key.rsplit("/", 1)[-1],
        "media_type": "application/pdf",
        "size": 1234,
        "version": "a" * 16,
    }
    return Upload(key=key, **{**known, **fields})


def job(status: DocumentStatus, part: int = 0, **fields: Any) -> Job:
    """The job for one part of the version that the state is about."""
    known: dict[str, Any] = {
        "document_id": status.document_id,
        "bucket": status.bucket,
        "key": status.key,
        "etag": "etag",
        "owner": status.owner,
        "file_name": status.file_name,
        "media_type": status.media_type,
        "size_bytes": status.size,
        "version": status.version,
        "generation": status.generation,
        "part": part,
        "parts": len(status.part_permille),
        "first_page": part * 50 + 1,
        "last_page": part * 50 + 50,
        "total_pages": status.metadata["totalPages"],
    }
    return Job(**{**known, **fields})


#: The job for the first of five parts, of a document that is nowhere
JOB = Job(
    document_id="5c7a6a54-0000-4000-8000-000000000000",
    bucket="uploads",
    key="ann/handbook.pdf",
    etag="etag",
    owner=OWNER,
    file_name="handbook.pdf",
    media_type="application/pdf",
    size_bytes=1234,
    version="a" * 16,
    generation=1,
    part=0,
    parts=5,
    first_page=1,
    last_page=5,
    total_pages=25,
)
