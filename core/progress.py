"""Progress: what a worker reports of its part, often enough to watch and seldom enough to be cheap."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from core import logs
from core.errors import RagError, TransientError
from core.jobs import Job
from core.status import Status
from core.status_store import StatusStore

HANDED_OVER = 0.5  #: share of a part's progress that other workers make when some of its pages were handed over
VISIBLE = 0.01  #: a report in between must move the whole document by at least a percent


class SupersededError(RagError):
    """The version is no longer wanted: a newer one came, it was cancelled, has failed or was deleted."""


class OutOfTimeError(RagError):
    """The worker must end soon: what is left of the part is for another call."""


class Reporter:
    """Reports the progress of one part.

    The first report of the part and the one with ``fraction`` 1 are always written. Those in between are written when
    ``status_interval_seconds`` have passed since the last one and the whole document has moved by a percent: so a
    document costs at most 100 writes and two a part, however long it takes.
    """

    def __init__(
        self,
        store: StatusStore,
        job: Job,
        clock: Callable[[], float] = time.monotonic,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """``check`` is called with every report and raises what must end the work."""
        self._store = store
        self._job = job
        self._clock = clock
        self._check = check
        self._step = min(1.0, VISIBLE * job.parts)
        self._written_at: float | None = None
        self._written_fraction = 0.0
        self._done = False
        #: where this worker's share of the part's progress begins and ends
        self._span = (0.0, 1.0) if job.parent < 0 else (1 - HANDED_OVER, 1.0)

    def share(self) -> None:
        """From now on this worker's own work is only a share of the part, as others do the rest."""
        if self._job.parent < 0:
            self._span = (0.0, 1 - HANDED_OVER)

    def within(self, begin: float, end: float) -> Callable[[Status, float, int], None]:
        """A report of a stage's own progress, which is the stretch from ``begin`` to ``end`` of the part's."""

        def report(stage: Status, fraction: float, pages_done: int) -> None:
            self.report(stage, fraction=begin + (end - begin) * fraction, pages_done=pages_done)

        return report

    def check(self) -> None:
        """Raise what must end the work, as ``report`` does, and write nothing: for work that is long silent."""
        self._check()

    def report(
        self,
        stage: Status,
        *,
        fraction: float,
        pages_done: int = 0,
        message: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say how far the part is: ``fraction`` of its work (0 to 1) and its ``pages_done``.

        ``details`` are added to what the owner is told.

        Raises SupersededError when the part need not be finished, and whatever ``check`` raises. Never fails because
        the report can't be written.
        """
        self._check()
        if not self._is_due(fraction):
            return
        self._written_at, self._written_fraction = self._clock(), fraction
        self._done = fraction >= 1.0
        begin, end = self._span
        try:
            status = self._store.report(
                self._job,
                stage,
                pages_done=self._job.pages_before + pages_done,
                fraction=begin + (end - begin) * fraction,
                message=message,
                details=details,
            )
        except TransientError:  # progress never breaks work; the next report makes up for it
            logs.warning("Progress not written", stage=stage, statusId=self._job.status_id, part=self._job.part)
            return
        if status is None:
            raise SupersededError(f"generation {self._job.generation} of {self._job.document_id} is not wanted")

    def _is_due(self, fraction: float) -> bool:
        if self._written_at is None:
            return True
        if fraction >= 1.0:
            return not self._done
        waited = self._clock() - self._written_at
        return (
            waited >= self._store.settings.status_interval_seconds and fraction - self._written_fraction >= self._step
        )
