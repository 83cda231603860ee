"""Pictures inside text documents: found, judged, described or read where it is worth it, and merged into the text."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.settings import Settings
from rag.pages import Extraction, Page
from rag.picture_choice import Picture, choose
from rag.picture_merge import Reading, merge
from rag.picture_readings import Album, PictureReader, Report
from rag.picture_search import KINDS, search
from rag.picture_vision import vision_endpoint
from rag.stage_outputs import StageOutput

CONTEXT_CHARACTERS = 5_000  #: of a document, by which the language of its pictures is told

Stage = Callable[[dict[str, Any]], StageOutput]  #: where to keep what was read by what was asked


@dataclass(frozen=True)
class PictureCounts:
    """What became of a document's pictures; the same picture at several places counts once."""

    found: int = 0
    described: int = 0  #: by a vision model
    read: int = 0  #: by OCR
    skipped: int = 0


def read_pictures(
    path: Path,
    media_type: str,
    extraction: Extraction,
    settings: Settings,
    report: Report,
    *,
    check: Callable[[], None] | None = None,
    stage: Stage | None = None,
) -> tuple[Extraction, PictureCounts]:
    """The extraction with what its pictures say merged into the pages' text, and what became of the pictures.

    Only pages that the extraction holds are looked at. While they are searched for, ``check`` is called about every
    second, and then ``report``; whatever these raise ends the work and rises. Pictures that an earlier try has kept at
    ``stage`` are not read again; what is read is kept there now and then, at the end if it was long or asked a vision
    model, and when reporting raises OutOfTimeError. Never fails for the document's or the vision endpoint's sake: what
    cannot be described is read, what cannot be read is skipped, and the log says so. Raises SettingsError when the
    vision endpoint refuses requests as such.
    """
    wanted = settings.pictures_described_max + settings.pictures_read_max
    if media_type not in KINDS or not extraction.pages or wanted <= 0:
        return extraction, PictureCounts()
    endpoint = vision_endpoint(settings)
    pages = {page.number: page for page in extraction.pages}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        candidates = search(path, media_type, sorted(pages), folder, settings, check=check)
        pictures = choose(candidates, pages, settings, described=endpoint is not None)
        context = "\n".join(page.text for page in extraction.pages)[:CONTEXT_CHARACTERS]
        if all(picture.action == "skip" for picture in pictures):
            return extraction, PictureCounts(found=len(pictures), skipped=len(pictures))
        by = {"vision": endpoint is not None, "model": settings.vision_model, "languages": settings.ocr_languages}
        reader = PictureReader(Album(folder, context, settings), endpoint, report, stage(by) if stage else None)
        readings = reader.read(pictures)
    counts = PictureCounts(
        found=len(pictures),
        described=sum(reading.described for reading in readings.values()),
        read=sum(not reading.described for reading in readings.values()),
        skipped=len(pictures) - len(readings),
    )
    return replace(extraction, pages=tuple(_merged(page, pictures, readings) for page in extraction.pages)), counts


def _merged(page: Page, pictures: Sequence[Picture], readings: dict[str, Reading]) -> Page:
    here = [
        (place, readings[picture.hash])
        for picture in pictures
        if picture.hash in readings
        for place in picture.places
        if place.page == page.number
    ]
    here.sort(key=lambda item: -item[0].box[3])  # from above to below; stable where the place is unknown
    return merge(page, [replace(reading, above=place.above, below=place.below) for place, reading in here])
