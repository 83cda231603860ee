"""Picture readings: what pictures say, as a vision model describes them or OCR reads them, picture by picture."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core import logs
from core.errors import TransientError
from core.progress import OutOfTimeError
from core.settings import Settings
from core.watched import each_done
from rag.picture_choice import Picture
from rag.picture_merge import Reading
from rag.picture_reading import read_by_ocr
from rag.picture_vision import Description, VisionEndpoint
from rag.stage_outputs import StageOutput

ASKED_AT_A_TIME = 4  #: pictures that the vision endpoint describes at the same time
GIVE_UP_AFTER = 3  #: failures of the endpoint without a success between, after which a part asks it no more
MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}

Report = Callable[[int, int], None]  #: called with the pictures that are done and those there are to do


@dataclass(frozen=True)
class Album:
    """Copies of the pictures of a part, and the text they stand in."""

    folder: Path
    context: str  #: by which the language of the pictures is told
    settings: Settings


class PictureReader:
    """Reads pictures, but for those that an earlier try has read, and keeps what it read for a later one."""

    def __init__(
        self, album: Album, endpoint: VisionEndpoint | None, report: Report, stage: StageOutput | None = None
    ) -> None:
        self._album = album
        self._endpoint = endpoint
        self._report = report
        self._stage = stage
        self._readings: dict[str, Reading] = dict(stage.load(_parse).items) if stage else {}
        self._new = 0
        self._done = self._total = 0

    def read(self, pictures: Sequence[Picture]) -> dict[str, Reading]:
        """What could be read in those of the pictures that are to be described or read, by their hash.

        Raises SettingsError when the vision endpoint refuses requests as such, and whatever reporting raises.
        """
        wanted = [picture for picture in pictures if picture.action != "skip"]
        todo = [picture for picture in wanted if picture.hash not in self._readings]
        self._done, self._total = len(wanted) - len(todo), len(wanted)
        if wanted:
            self._report(self._done, self._total)
        try:
            self._describe([picture for picture in todo if picture.action == "describe"])
            self._read([picture for picture in todo if picture.hash not in self._readings])
        except OutOfTimeError:
            self._keep()
            raise
        if self._stage and (self._stage.is_dear or any(reading.described for reading in self._readings.values())):
            self._keep()
        return {picture.hash: self._readings[picture.hash] for picture in wanted if picture.hash in self._readings}

    def _describe(self, pictures: Sequence[Picture]) -> None:
        if not self._endpoint or not pictures:
            return
        describer = _Describer(self._endpoint, self._album)
        tasks = [partial(describer.describe, picture) for picture in pictures]
        for number, description in each_done(tasks, ASKED_AT_A_TIME, self._tick):
            if description:
                kind = description.kind or pictures[number].verdict.kind
                text = "" if kind == "decorative" else description.text
                self._add(pictures[number], Reading(kind, text, described=True))
        if failed := [picture for picture in pictures if picture.hash not in self._readings]:
            logs.warning("Pictures that could not be described are read by OCR", pictures=len(failed))

    def _read(self, pictures: Sequence[Picture]) -> None:
        waiting = {picture.file: picture for picture in pictures}

        def done(file: str, text: str | None) -> None:
            picture = waiting[file]
            self._add(picture, None if text is None else Reading(picture.verdict.kind, text, described=False))

        album = self._album
        read_by_ocr(album.folder, list(waiting), album.context, album.settings, done=done, tick=self._tick)

    def _add(self, picture: Picture, reading: Reading | None) -> None:
        if reading:
            self._readings[picture.hash] = reading
            self._new += 1
        self._done += 1
        self._tick()

    def _tick(self) -> None:
        self._report(self._done, self._total)
        if self._stage and self._stage.is_due:
            self._keep()

    def _keep(self) -> None:
        if self._stage and self._new:
            self._stage.keep(_lines(self._readings))
            self._new = 0


class _Describer:
    """Asks a vision endpoint about pictures, from several threads, until it has failed too often or the time is up."""

    def __init__(self, endpoint: VisionEndpoint, album: Album) -> None:
        self._endpoint, self._folder = endpoint, album.folder
        self._deadline = time.monotonic() + album.settings.picture_timeout_seconds
        self._failures = 0
        self._lock = threading.Lock()

    def describe(self, picture: Picture) -> Description | None:
        """What the model says of it; None where it failed."""
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
        return description


def _lines(readings: dict[str, Reading]) -> Iterator[str]:
    for key, reading in readings.items():
        yield json.dumps([key, reading.kind, reading.text, reading.described])


def _parse(lines: Iterable[str]) -> Iterator[tuple[str, Reading]]:
    for line in lines:
        key, kind, text, described = json.loads(line)
        yield str(key), Reading(kind, str(text), described=bool(described))
