"""The status store: what happens to documents, recorded in DynamoDB.

Every change is one transaction: the state is replaced if nobody changed it since it was read, and the change is added
to the document's history. Who loses a race reads again and decides again.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from core import generations
from core.errors import QuotaError
from core.generations import Begun, Upload
from core.jobs import Job
from core.settings import Settings
from core.status import Change, DocumentStatus, Status, advance, bury, resume
from core.status_details import completion, failure
from core.status_history import Event, StatusHistory
from core.status_list import StatusList
from core.status_running import RunningIndex
from core.status_table import Further, StatusTable
from core.usage_quotas import OwnerQuotas

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Begun", "StatusStore", "Upload"]

LONGEST_NAME_BYTES = 2048  #: of a DynamoDB partition key


class StatusStore:
    """The states of all documents; safe to share between threads, as the client is.

    Every method raises TransientError when DynamoDB is unavailable or a state keeps changing.
    """

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.settings = settings
        self._states = StatusTable(client, settings)
        self._history = StatusHistory(client, settings)
        self._list = StatusList(client, self._states.name)
        self._running = RunningIndex(client, self._states.name)
        self.quotas = OwnerQuotas(client, settings, self._running)

    def get(self, status_id: str) -> DocumentStatus | None:
        """The state of the document called ``bucket#key``, or None; the latest one, never a stale copy."""
        return self._states.get(status_id)

    def find(self, document_id: str) -> DocumentStatus | None:
        """The state of the document with this id, or None; also right after its creation.

        The index may lag behind a new document, its history does not.
        """
        status_id = self._states.status_id(document_id) or self._history.status_id(document_id)
        status = self.get(status_id) if status_id else None
        return status if status and status.document_id == document_id else None

    def resolve(self, name: str) -> DocumentStatus | None:
        """The state of a document by either of its names, ``documentId`` or ``statusId``."""
        if not 0 < len(name.encode()) <= LONGEST_NAME_BYTES:
            return None
        return self.get(name) if "#" in name else self.find(name)

    def expect(
        self, *, bucket: str, key: str, owner: str, file_name: str, media_type: str, size: int
    ) -> DocumentStatus:
        """Announce an upload: an unknown document begins to await its file, a known one is left as it is.

        Raises DocumentError when the key is another owner's document.
        """
        upload = Upload(bucket=bucket, key=key, owner=owner, file_name=file_name, media_type=media_type, size=size)
        announce = partial(generations.announce, upload=upload, document_id=_new_id())
        return self._states.change(upload.status_id, lambda seen, now: announce(seen, at=now))

    def begin(
        self, upload: Upload, *, routing: Mapping[str, Any] | None = None, total_pages: int = 0, parts: int = 1
    ) -> Begun:
        """Begin the next version of a document, which supersedes the one before.

        Nothing begins when the same version is running or was completed. A version that is still ``validating`` may
        lack jobs: whoever finds it so sends them (again) and then reports it ``queued``.
        Raises DocumentError when the key is another owner's document; QuotaError, after having recorded that, when the
        version is more than is left of its owner's limits.
        """
        begin = partial(generations.begin, upload=upload, document_id=upload.document_id or _new_id())
        started = False

        def decide(seen: DocumentStatus | None, now: str) -> DocumentStatus:
            nonlocal started
            wanted = begin(seen, at=now, routing=routing or {}, total_pages=total_pages, parts=parts)
            started = wanted is not seen
            return wanted

        def charge(seen: DocumentStatus | None, wanted: DocumentStatus, now: datetime) -> Further | None:
            return None if generations.is_repeat(seen, upload) else self.quotas.charge(seen, wanted, now)

        try:
            return Begun(self._states.change(upload.status_id, decide, charge), started)
        except QuotaError as error:
            self._refuse(upload, error)
            raise

    def queued(self, status: DocumentStatus) -> DocumentStatus:
        """Report that all jobs of a version were sent; answers the state, which may be further already."""
        return self._advance(status, Status.QUEUED) or self.get(status.status_id) or status

    def report(self, job: Job, stage: Status, **reported: Any) -> DocumentStatus | None:
        """Report how far a part is, by the fields of ``Change``; None when its version is no longer wanted."""
        return self._advance(job, stage, part=job.status_part, **reported)

    def finish(self, job: Job, status: Status, details: Mapping[str, Any] | None = None) -> DocumentStatus | None:
        """Report that a version can be searched; repeating it changes nothing; None when it is no longer wanted.

        ``details`` are numbers for the owner, such as ``chunks``, and ``gaps``, the pages that could not be read.
        """

        def decide(seen: DocumentStatus | None, now: str) -> DocumentStatus | None:
            if seen is None:
                return None
            return advance(seen, _change(job, status, now, details=completion(details or {}, seen.timestamp, now)))

        return self._states.change(job.status_id, decide)

    def fail(
        self, job: Job, *, code: str, message: str, retryable: bool, stage: Status | None = None
    ) -> DocumentStatus | None:
        """Report that a version failed, in ``stage`` or else in the one last reported; None when it is not wanted."""

        def decide(seen: DocumentStatus | None, now: str) -> DocumentStatus | None:
            if seen is None:
                return None
            why = failure(code, message, stage or seen.status, retryable)
            return advance(seen, _change(job, Status.FAILED, now, message=why["error"], details=why))

        return self._states.change(job.status_id, decide)

    def give_up(self, status: DocumentStatus, *, code: str, message: str) -> DocumentStatus | None:
        """Report that a version that stands still has failed, retryably; None when it has moved after all."""

        def decide(seen: DocumentStatus | None, now: str) -> DocumentStatus | None:
            if seen is None or seen.sequence != status.sequence:
                return None
            why = failure(code, message, seen.status, retryable=True)
            return advance(seen, _change(status, Status.FAILED, now, message=why["error"], details=why))

        return self._states.change(status.status_id, decide)

    def reject(
        self, upload: Upload, *, code: str, message: str, stage: Status = Status.VALIDATING, retryable: bool = False
    ) -> DocumentStatus | None:
        """Report that an upload cannot become a version; what searches see of earlier ones remains.

        None when the key is another owner's document.
        """
        why = failure(code, message, stage, retryable)
        reject = partial(generations.reject, upload=upload, document_id=_new_id(), failure=why)
        return self._states.change(upload.status_id, lambda seen, now: reject(seen, at=now))

    def resume(self, document_id: str) -> DocumentStatus | None:
        """Let a failed version go on where it stood, ``queued`` again; None when it did not fail, or not in passing."""
        return self._change_known(document_id, resume)

    def cancel(self, document_id: str) -> DocumentStatus | None:
        """Stop the running version; None when none is running. Cancelling twice is harmless."""
        return self._change_known(document_id, lambda seen, now: advance(seen, _change(seen, Status.CANCELLED, now)))

    def bury(self, document_id: str) -> DocumentStatus | None:
        """Say that a document is being deleted: its workers stop, its watchers hear of it, its name is free again.

        None when there is no such document. May be repeated.
        """
        return self._change_known(document_id, bury)

    def delete(self, document_id: str, *, keep_history: bool = False) -> dict[str, int]:
        """Remove a document's state and then its history; answers how many items went from each.

        May be repeated. A document that has its name by now keeps its own state.
        """
        buried = self.bury(document_id)
        removed = buried is not None and self._states.delete(buried)
        return {"status": int(removed), "audit": 0 if keep_history else self._history.delete(document_id)}

    def last_event(self, document_id: str) -> Event | None:
        """The latest change in a document's history, also of one whose state is gone."""
        return self._history.last(document_id)

    def events(self, document_id: str, *, after: int = 0, limit: int = 100) -> Sequence[dict[str, Any]]:
        """The changes with a sequence number above ``after``, at most ``limit``, in order, as they were pushed."""
        return self._history.events(document_id, after, limit)

    def list(
        self, principals: Sequence[str], *, status: Status | None = None, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[DocumentStatus], str | None]:
        """The principals' documents, the latest first, and where the next page begins (None: at the end).

        With a ``status`` a page may be shorter than ``limit`` before the end. Raises CursorError for a cursor that
        this method did not give out.
        """
        return self._list.page(principals, status, limit, cursor)

    def running(self, owner: str) -> int:
        """How many documents of the owner have a running version; a moment behind what just began or ended."""
        return self._running.count(owner)

    def stale(self, before: str, limit: int) -> Sequence[DocumentStatus]:
        """At most ``limit`` documents whose running version last changed before a time (ISO 8601), at random."""
        return self._running.stale(before, limit, self.get)

    def _refuse(self, upload: Upload, error: QuotaError) -> None:
        """Record that a version may not begin now."""
        why = failure(error.code, error.message, Status.VALIDATING, error.retryable)
        refuse = partial(generations.refuse, upload=upload, document_id=_new_id(), failure=why)
        self._states.change(upload.status_id, lambda seen, now: refuse(seen, at=now))

    def _change_known(
        self, document_id: str, decide: Callable[[DocumentStatus, str], DocumentStatus | None]
    ) -> DocumentStatus | None:
        """Change the document with this id; None where there is none, or where the change is refused."""
        status = self.find(document_id)

        def of_that_one(seen: DocumentStatus | None, now: str) -> DocumentStatus | None:
            return decide(seen, now) if seen and seen.document_id == document_id else None

        return self._states.change(status.status_id, of_that_one) if status else None

    def _advance(self, about: Job | DocumentStatus, status: Status, **reported: Any) -> DocumentStatus | None:
        change: Callable[[str], Change] = partial(_change, about, status, **reported)
        return self._states.change(about.status_id, lambda seen, now: advance(seen, change(now)) if seen else None)


def _change(about: Job | DocumentStatus, status: Status, at: str, **reported: Any) -> Change:
    """A change of the version that a job or a state is about."""
    return Change(
        document_id=about.document_id,
        generation=about.generation,
        version=about.version,
        status=status,
        at=at,
        **reported,
    )


def _new_id() -> str:
    return str(uuid.uuid4())
