"""Pictures inside text documents: found, judged, described or read where it is worth it, and merged into the text."""

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from core import logs
from core.errors import TransientError
from core.settings import Settings
from rag.pages import Extraction, Page
from rag.picture_choice import Picture, choose
from rag.picture_merge import Reading, merge
from rag.picture_reading import read_by_ocr
from rag.picture_search import KINDS, search
from rag.picture_vision import Description, VisionEndpoint, vision_endpoint

ASKED_AT_A_TIME = 4  #: pictures that the vision endpoint describes at the same time
GIVE_UP_AFTER = 3  #: failures of the endpoint without a success between, after which a part asks it no more
CONTEXT_CHARACTERS = 5_000  #: of a document, by which the language of its pictures is told
MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}

Report = Callable[[int, int], None]  #: called with the pictures that are done and those there are to do


@dataclass(frozen=True)
class PictureCounts:
    """What became of a document's pictures; the same picture at several places counts once."""

    found: int = 0
    described: int = 0  #: by a vision model
    read: int = 0  #: by OCR
    skipped: int = 0


def read_pictures(
    path: Path, media_type: str, extraction: Extraction, settings: Settings, report: Report
) -> tuple[Extraction, PictureCounts]:
    """The extraction with what its pictures say merged into the pages' text, and what became of the pictures.

    Only pages that the extraction holds are looked at. ``report`` is called from this thread and from others. Never
    fails for the document's or the vision endpoint's sake: what cannot be described is read, what cannot be read is
    skipped, and the log says so. Raises SettingsError when the vision endpoint refuses requests as such.
    """
    wanted = settings.pictures_described_max + settings.pictures_read_max
    if media_type not in KINDS or not extraction.pages or wanted <= 0:
        return extraction, PictureCounts()
    endpoint = vision_endpoint(settings)
    pages = {page.number: page for page in extraction.pages}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        candidates = search(path, media_type, sorted(pages), folder, settings)
        pictures = choose(candidates, pages, settings, described=endpoint is not None)
        context = "\n".join(page.text for page in extraction.pages)[:CONTEXT_CHARACTERS]
        readings = _readings(pictures, folder, endpoint, context=context, settings=settings, report=report)
    counts = PictureCounts(
        found=len(pictures),
        described=sum(reading.described for reading in readings.values()),
        read=sum(not reading.described for reading in readings.values()),
        skipped=len(pictures) - len(readings),
    )
    return replace(extraction, pages=tuple(_merged(page, pictures, readings) for page in extraction.pages)), counts


def _readings(
    pictures: Sequence[Picture],
    folder: Path,
    endpoint: VisionEndpoint | None,
    *,
    context: str,
    settings: Settings,
    report: Report,
) -> dict[str, Reading]:
    """What could be read, by the picture's hash."""
    to_describe = [picture for picture in pictures if picture.action == "describe"]
    to_read = [picture for picture in pictures if picture.action == "read"]
    progress = _Progress(len(to_describe) + len(to_read), report)
    readings: dict[str, Reading] = {}
    if endpoint and to_describe:
        descriptions = _Describer(endpoint, folder, settings, progress.step).describe(to_describe)
        for picture, description in zip(to_describe, descriptions, strict=True):
            if description:
                kind = description.kind or picture.verdict.kind
                text = "" if kind == "decorative" else description.text
                readings[picture.hash] = Reading(kind, text, described=True)
    failed = [picture for picture in to_describe if picture.hash not in readings]
    if failed:
        logs.warning("Pictures that could not be described are read by OCR", pictures=len(failed))
    waiting = {picture.file: picture for picture in [*failed, *to_read]}
    for file, text in read_by_ocr(folder, list(waiting), context, settings, lambda _: progress.step()).items():
        readings[waiting[file].hash] = Reading(waiting[file].verdict.kind, text, described=False)
    return readings


class _Progress:
    """Counts pictures that are done, from several threads."""

    def __init__(self, total: int, report: Report) -> None:
        self._total, self._report = total, report
        self._done = 0
        self._lock = threading.Lock()
        if total:
            report(0, total)

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            self._report(self._done, self._total)


class _Describer:
    """Asks a vision endpoint about pictures until it has failed too often or the time is up."""

    def __init__(self, endpoint: VisionEndpoint, folder: Path, settings: Settings, done: Callable[[], None]) -> None:
        self._endpoint, self._folder, self._done = endpoint, folder, done
        self._deadline = time.monotonic() + settings.picture_timeout_seconds
        self._failures = 0
        self._lock = threading.Lock()

    def describe(self, pictures: Sequence[Picture]) -> list[Description | None]:
        """What the model says of each; None where it failed."""
        with ThreadPoolExecutor(ASKED_AT_A_TIME) as pool:
            return list(pool.map(self._one, pictures))

    def _one(self, picture: Picture) -> Description | None:
        if self._failures >= GIVE_UP_AFTER or time.monotonic() > self._deadline:
            return None
        file = self._folder / picture.file
        try:
            description = self._endpoint.describe(
                file.read_bytes(), MEDIA_TYPES[file.suffix], picture.places[0].caption
            )
        except TransientError as error:
            logs.warning("A picture could not be described", reason=str(error))
            with self._lock:
                self._failures += 1
            return None
        with self._lock:
            self._failures = 0
        self._done()
        return description


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
