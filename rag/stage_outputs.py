"""Stage outputs: what the dear stages of a part have made so far, for the try that comes after one that was cut short.

One object a stage in the derived bucket, gone once the part is stored. A stage that takes a moment writes none.
"""

import gzip
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from core import logs
from core.blobs import STAGE_OUTPUTS, Blobs, derived_key
from core.errors import TransientError
from core.jobs import Job

FORM = 1  #: raised when the lines of a stage change their meaning
STAGES = ("pages", "pictures")
KEPT_EVERY_SECONDS = 20.0
WORTH_SECONDS = 5.0  #: a whole stage that took less is done again sooner than kept
COMPRESSION = 5
_DAMAGED = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError)  # whatever unpacking and parsing raise


Item = TypeVar("Item")


@dataclass(frozen=True)
class Kept(Generic[Item]):
    """What an earlier try has left."""

    items: Sequence[Item] = ()
    complete: bool = False  #: whether that is all that the stage makes


class StageOutput:
    """What one stage of a part has made so far, as lines of JSON. S3's outages break no work: the try goes on without.

    ``request`` is what the stage is asked to do, as JSON has it; what was made for another request is ignored.
    """

    def __init__(self, blobs: Blobs, key: str, request: dict[str, Any]) -> None:
        self._blobs = blobs
        self._key = key
        self._request = json.loads(json.dumps({"form": FORM, **request}))
        self._began = self._kept = time.monotonic()

    def load(self, parse: Callable[[Iterable[str]], Iterable[Item]]) -> Kept[Item]:
        """What an earlier try has kept; nothing when that is damaged, as ``parse`` or the reading finds."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "stage")
            try:
                if not self._blobs.download_derived(self._key, path):
                    return Kept()
            except TransientError:
                logs.warning("Stage output not loaded", key=self._key)
                return Kept()
            try:
                header, *lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines(keepends=True)
                about = json.loads(header)
                items = list(parse(lines))
                if about["request"] != self._request or about["lines"] != len(lines):
                    raise ValueError("made for another request")
            except _DAMAGED as error:
                logs.warning("Stage output ignored", key=self._key, error_type=type(error).__name__)
                return Kept()
        logs.info("Stage output found", key=self._key, items=len(items), complete=about["complete"])
        return Kept(items, bool(about["complete"]))

    def keep(self, lines: Iterable[str], *, complete: bool = False) -> None:
        """Keep these lines, which are ASCII, in place of those kept before."""
        body = [line.rstrip("\n") for line in lines]
        header = json.dumps({"request": self._request, "lines": len(body), "complete": complete})
        data = gzip.compress("".join(f"{line}\n" for line in [header, *body]).encode("ascii"), COMPRESSION, mtime=0)
        try:
            self._blobs.put_derived(self._key, data, "application/gzip")
        except TransientError:
            logs.warning("Stage output not kept", key=self._key)
        self._kept = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether so much time has passed that what was made since should be kept."""
        return time.monotonic() - self._kept >= KEPT_EVERY_SECONDS

    @property
    def is_dear(self) -> bool:
        """Whether the stage has taken so long that it is worth keeping as a whole."""
        return time.monotonic() - self._began >= WORTH_SECONDS


def stage_output(job: Job, blobs: Blobs, stage: str, request: dict[str, Any]) -> StageOutput:
    """Where a stage of the job's part keeps what it makes; ``stage`` is one of STAGES."""
    return StageOutput(blobs, _key(job, stage), request)


def delete_stage_outputs(job: Job, blobs: Blobs) -> None:
    """Delete what the stages of a part have kept; what S3 does not delete now goes with the version."""
    try:
        blobs.delete_keys([_key(job, stage) for stage in STAGES])
    except TransientError:
        logs.warning("Stage outputs not deleted", documentId=job.document_id, part=job.part)


def _key(job: Job, stage: str) -> str:
    return derived_key(job.document_id, job.generation, f"{STAGE_OUTPUTS}/{job.part:05}/{stage}.jsonl.gz")
