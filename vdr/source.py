"""The source of a part's pages: the uploaded file itself, or the PDF that LibreOffice makes of a presentation."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core import blobs
from core.aws import Services
from core.inspection import count_pages
from core.jobs import Job, Notice
from core.media_types import PDF, PRESENTATIONS
from core.ranges import over
from core.settings import Settings
from vdr import office

CONVERTED = "pages.pdf"  #: name of the derived object that holds the PDF of a presentation
NOT_RENDERED = Notice(
    "not_rendered",
    "The slides were indexed by their text alone: LibreOffice is not installed where documents are processed, so there "
    "are no page images. Install libreoffice-impress and libreoffice-draw there, then process the document again.",
)


@dataclass(frozen=True)
class PagedFile:
    """A file whose pages can be rendered."""

    path: Path
    media_type: str
    original: Path  #: the file as it was uploaded
    total_pages: int  #: of a PDF; 1 of a picture, as the entry has it


def fetch(job: Job, folder: Path, services: Services, check: Callable[[], None] | None = None) -> PagedFile | None:
    """The job's file on disk, presentations as PDF; None where only LibreOffice could make pages of it and is missing.

    The first worker converts and keeps the PDF with the version; the others of the same version find it there.
    ``check`` is called about every second; whatever it raises ends the work and rises. Raises DocumentError
    when the file cannot be converted, or has too many pages.
    """
    original = folder / "document"
    services.blobs.download(job.bucket, job.key, job.etag, original, check)
    if job.media_type not in PRESENTATIONS:
        return PagedFile(original, job.media_type, original, job.total_pages)
    path = folder / CONVERTED
    key = blobs.derived_key(job.document_id, job.generation, CONVERTED)
    if not services.blobs.download_derived(key, path):
        if not office.available():
            return None
        with tempfile.TemporaryDirectory(dir=folder) as workplace:
            office.to_pdf(original, job.media_type, Path(workplace), services.settings, check).rename(path)
        services.blobs.put_derived(key, path.read_bytes(), PDF)
    return PagedFile(path, PDF, original, _pages(path, services.settings))


def _pages(path: Path, settings: Settings) -> int:
    with path.open("rb") as file:
        return count_pages(over(file), settings)
