"""Drift: what the stores say of a document, and where they contradict each other. Pure.

Nothing is held against a store that changed a moment ago: a deletion, a worker's last steps and a message on its way
look like drift for as long as they take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from core.status import SEARCHABLE, DocumentStatus, Status
from core.status_history import Event


class Code(StrEnum):
    """What can be wrong; each with the store where it shows, and what a repair does (empty: that is for people)."""

    store: str
    repair: str

    def __new__(cls, value: str, store: str = "", repair: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.store = store
        member.repair = repair
        return member

    DELETION_UNFINISHED = "deletion_unfinished", "status", "ends the deletion"
    ROWS_WITHOUT_DOCUMENT = "rows_without_document", "postgres", "removes all that is left of the document but its file"
    ROWS_WITHOUT_VERSION = "rows_without_version", "postgres", "removes the rows"
    VERSION_LEFT = "version_left", "postgres", "removes the version's rows and derived objects"
    NOT_SEARCHABLE = "not_searchable", "postgres", "takes the file in again"
    GENERATION_DIFFERS = "generation_differs", "postgres"
    FINISH_MISSING = "finish_missing", "status", "reports the version as finished"
    SHOWN_THOUGH_ENDED = "shown_though_ended", "status"
    STANDS_STILL = "stands_still", "status", "sends the jobs that are due again"
    UPLOAD_NOT_TAKEN_IN = "upload_not_taken_in", "uploads", "takes the file in"
    UPLOAD_MISSING = "upload_missing", "uploads"
    DERIVED_WITHOUT_DOCUMENT = "derived_without_document", "derived", "removes the objects"
    DERIVED_OF_OLD_VERSION = "derived_of_old_version", "derived", "removes the objects"
    DERIVED_MISSING = "derived_missing", "derived"
    PARTS_WITHOUT_DOCUMENT = "parts_without_document", "parts", "removes the records"
    HISTORY_MISSING = "history_missing", "audit"
    HISTORY_WITHOUT_DOCUMENT = "history_without_document", "audit", "ends the deletion, or removes the history"
    SUBSCRIPTION_LEFT = "subscription_left", "connections", "removes the subscription"
    DEAD_LETTER_LEFT = "dead_letter_left", "dead_letters", "removes the message"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One contradiction."""

    code: Code
    document_id: str
    found: str  #: for people: never content, never a file's name
    target: Mapping[str, Any] = field(default_factory=dict)  #: what a repair needs to know


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """A version in PostgreSQL."""

    version_key: int
    generation: int
    running: bool
    started_at: datetime
    part: int | None  #: the number of one of its finished parts
    lacks: Sequence[str] = ()  #: which of its rows there are too few of; looked into for current versions alone


@dataclass(frozen=True, kw_only=True)
class StoredDocument:
    """A document in PostgreSQL."""

    document_id: str
    owner: str
    current_generation: int | None
    updated_at: datetime
    versions: Sequence[StoredVersion]

    @property
    def searched(self) -> StoredVersion | None:
        """The version that searches see: the current one, if it is there and finished."""
        current = (version for version in self.versions if version.generation == self.current_generation)
        return next((version for version in current if not version.running), None)


@dataclass(frozen=True, kw_only=True)
class DocumentFacts:
    """What is known of one document."""

    document_id: str
    status: DocumentStatus | None
    stored: StoredDocument | None
    has_upload: bool = True
    has_history: bool = True  #: or has none any more, as it has expired
    is_attended: bool = True  #: a worker has a part of it, or its jobs may be waiting in a queue

    @property
    def current(self) -> int | None:
        """The version that searches are to see, whether it is there or not."""
        return self.stored.current_generation if self.stored else None

    @property
    def searched(self) -> int | None:
        """The version that searches see."""
        version = self.stored.searched if self.stored else None
        return version.generation if version else None

    @property
    def lacks(self) -> str:
        """Which rows of the version that searches see there are too few of; empty when it is whole."""
        version = self.stored.searched if self.stored else None
        return ", ".join(version.lacks) if version else ""

    @property
    def seen(self) -> str:
        """What searches see, for people."""
        if self.searched is not None:
            return f"generation {self.searched}"
        return "nothing" if self.current is None else f"nothing, as generation {self.current} is gone"

    def is_kept(self, generation: int) -> bool:
        """Whether what a version has stored may still be of use."""
        status = self.status
        if status is None:
            return False
        if generation in {self.current, status.current_generation}:
            return True
        return generation == status.generation and (status.is_running or status.is_resumable)


def of_document(facts: DocumentFacts, before: datetime) -> list[Finding]:
    """What is wrong with a document that nobody has changed since ``before``."""
    if facts.status is None:
        return _without_status(facts, before)
    if moment(facts.status.updated_at) >= before:
        return []
    if facts.status.status is Status.DELETED:
        return [_finding(Code.DELETION_UNFINISHED, facts, f"deletion began at {facts.status.updated_at}")]
    state = _running(facts) if facts.status.is_running else _ended(facts)
    if not facts.has_history:
        found = f"{facts.status.sequence} changes, the last at {facts.status.updated_at}, and no record of any"
        state.append(_finding(Code.HISTORY_MISSING, facts, found))
    return state + _versions_left(facts, before)


def _without_status(facts: DocumentFacts, before: datetime) -> list[Finding]:
    if facts.stored is None or facts.stored.updated_at >= before:
        return []
    found = f"{len(facts.stored.versions)} versions in PostgreSQL, and no status"
    return [_finding(Code.ROWS_WITHOUT_DOCUMENT, facts, found)]


def _running(facts: DocumentFacts) -> list[Finding]:
    status = facts.status
    assert status is not None
    if facts.searched == status.generation:
        found = f"searches see generation {facts.searched}, and its status is {status.status}"
        return [_finding(Code.FINISH_MISSING, facts, found)]
    if not facts.is_attended:
        found = f"{status.status} since {status.updated_at}; no worker has it and no job waits"
        return [_finding(Code.STANDS_STILL, facts, found)]
    return []


def _ended(facts: DocumentFacts) -> list[Finding]:
    status = facts.status
    assert status is not None
    findings = []
    lost = f"rows of generation {facts.searched} are missing: {facts.lacks}"
    if status.status in SEARCHABLE:
        if facts.searched != status.generation:
            found = f"generation {status.generation} is {status.status}, and searches see {facts.seen}"
            findings.append(_finding(Code.NOT_SEARCHABLE, facts, found))
        elif facts.lacks:
            findings.append(_finding(Code.NOT_SEARCHABLE, facts, lost))
        if not facts.has_upload:
            findings.append(_finding(Code.UPLOAD_MISSING, facts, "the file is gone; the document can be searched"))
    elif status.generation > 0 and facts.searched == status.generation:
        found = f"generation {status.generation} is {status.status}, and searches see it"
        findings.append(_finding(Code.SHOWN_THOUGH_ENDED, facts, found))
    elif facts.searched != status.current_generation:
        expected = status.current_generation
        found = f"the status says that searches see generation {expected}, and they see {facts.seen}"
        findings.append(_finding(Code.GENERATION_DIFFERS, facts, found))
    elif facts.lacks:
        findings.append(_finding(Code.GENERATION_DIFFERS, facts, lost))
    return findings


def _versions_left(facts: DocumentFacts, before: datetime) -> list[Finding]:
    left = [
        version
        for version in (facts.stored.versions if facts.stored else ())
        if version.running and version.started_at < before and not facts.is_kept(version.generation)
    ]
    return [
        _finding(
            Code.VERSION_LEFT,
            facts,
            f"generation {version.generation} came to nothing, and has rows",
            generation=version.generation,
        )
        for version in left
    ]


def of_derived(facts: DocumentFacts, newest: Mapping[int, datetime], before: datetime) -> list[Finding]:
    """What is wrong with derived objects: of each generation that has some, ``newest`` says when the last was made."""
    old = [generation for generation, made_at in newest.items() if made_at < before]
    if facts.status is None:
        if len(old) < len(newest) or not old:
            return []
        return [_finding(Code.DERIVED_WITHOUT_DOCUMENT, facts, f"derived objects of {len(old)} versions")]
    if facts.status.status is Status.DELETED or moment(facts.status.updated_at) >= before:
        return []
    return [
        _finding(
            Code.DERIVED_OF_OLD_VERSION, facts, f"derived objects of generation {generation}", generation=generation
        )
        for generation in old
        if not facts.is_kept(generation)
    ]


def of_history(last: Event, facts: DocumentFacts, before: datetime, *, kept: bool) -> list[Finding]:
    """What is wrong with a history whose last change is known; ``kept``: it outlives the document."""
    is_due = facts.status is None and moment(last.timestamp) < before
    expires_by_itself = last.status is Status.AWAITING_UPLOAD or (kept and last.status is Status.DELETED)
    if not is_due or expires_by_itself:
        return []
    return [_finding(Code.HISTORY_WITHOUT_DOCUMENT, facts, f"its last change is {last.status}, at {last.timestamp}")]


def moment(text: str) -> datetime:
    """A time as states have it."""
    return datetime.fromisoformat(text)


def _finding(code: Code, facts: DocumentFacts, found: str, **target: Any) -> Finding:
    return Finding(code=code, document_id=facts.document_id, found=found, target=target)
