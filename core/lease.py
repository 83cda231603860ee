"""The lease: a part belongs to one worker for as long as that worker shows that it is alive.

A heartbeat in a thread of its own renews it in the part table, keeps the job's message from coming again, and looks
whether the version is still wanted. When the worker is killed, the message comes again soon after the lease has ended.
"""

import math
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from core import logs
from core.errors import RagError, TransientError
from core.events import Message, retry_pause
from core.jobs import Job
from core.part_table import PartTable
from core.plans import PartRecord
from core.progress import OutOfTimeError, SupersededError

BEATS = 3  #: heartbeats in the life of a lease: two may fail
HIDDEN = 4 / 3  #: the message comes again later than the lease ends, never before

Wanted = Callable[[], bool]  #: whether a part need still be finished


class LeaseLostError(RagError):
    """Another worker has taken the part over, as this one did not show that it was alive."""


class Lease:
    """One worker's hold on a part, renewed while the block runs."""

    def __init__(
        self,
        parts: PartTable,
        job: Job,
        seconds: float,
        *,
        message: Message,
        wanted: Wanted,
        name: str,
        deadline: float | None = None,
    ) -> None:
        """``name`` tells this try from every other one of the same message.

        ``deadline`` (monotonic seconds): when the worker must begin to end, whatever it has done of the part.
        """
        self._parts = parts
        self._job = job
        self._seconds = seconds
        self._message = message
        self._wanted = wanted
        self._deadline = deadline
        self._holder = f"{message.id}/{name}"
        self.is_held = False
        self._ended = threading.Event()
        self._done = False
        self._reason: type[RagError] | None = None
        self._renewed_at = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def take(self) -> PartRecord:
        """Take the part if it is free and not done: ``is_held`` says whether; the part's record as it is now.

        The message is hidden first, for little longer than the lease: whenever this worker is killed from then on, it
        comes again then, and not after the six timeouts for which the queue hides it.
        """
        self._try_to_hide()
        record = self._parts.claim(self._job, self._holder, self._seconds)
        self.is_held = record.holder == self._holder
        return record

    def is_of_same_message(self, record: PartRecord) -> bool:
        """Whether the part's holder had it by the very message that this worker has: by an earlier delivery of it."""
        return bool(self._message.id) and record.holder.startswith(f"{self._message.id}/")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop renewing; a part that is not done is given back at once. What was no fault of it counts as no try."""
        self._ended.set()
        self._thread.join()
        if not self._done:
            comes_again = error is not None and not isinstance(error, OutOfTimeError)
            excused = isinstance(error, (TransientError, LeaseLostError, OutOfTimeError))
            self._give_back(comes_again, excused=excused)

    def done(self) -> None:
        """Remember that the part is done and needs nobody any more."""
        self._parts.done(self._job)
        self._done = True

    def check(self) -> None:
        """Raises LeaseLostError or SupersededError once a heartbeat has found so, OutOfTimeError at the deadline."""
        if self._reason is not None:
            raise self._reason(f"part {self._job.part} of {self._job.document_id}")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise OutOfTimeError

    def _beat(self) -> None:
        while not self._ended.wait(self._seconds / BEATS):
            try:
                if not self._parts.renew(self._job, self._holder, self._seconds):
                    self._reason = LeaseLostError
                    return
                self._renewed_at = time.monotonic()
                self._try_to_hide()
                if not self._wanted():
                    self._reason = SupersededError
                    return
            except TransientError:
                self._note_silence()

    def _note_silence(self) -> None:
        """Nobody knows that this worker is alive: after a while its part counts as lost."""
        logs.warning("Lease not renewed", statusId=self._job.status_id, part=self._job.part)
        if time.monotonic() - self._renewed_at > self._seconds:
            self._reason = LeaseLostError

    def _try_to_hide(self) -> None:
        """A message that comes again too soon meets the lease; so nothing is lost when it cannot be hidden."""
        try:
            self._message.hide(math.ceil(self._seconds * HIDDEN))
        except Exception:  # noqa: BLE001
            logs.warning("Message not hidden", statusId=self._job.status_id, part=self._job.part)

    def _give_back(self, comes_again: bool, *, excused: bool) -> None:
        again_at = time.time() + retry_pause(self._message.receive_count) if comes_again else 0.0
        try:
            self._parts.release(self._job, self._holder, again_at=again_at, excused=excused)
        except TransientError:  # it runs out by itself
            logs.warning("Lease not given back", statusId=self._job.status_id, part=self._job.part)
