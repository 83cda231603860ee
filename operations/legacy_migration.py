"""Legacy migration: documents of a table of an older system become documents here, without their files.

Each goes in by the store's one transaction and under an id that its name gives, so a run that was killed is repeated:
what is in is left alone, what was begun is ended, and what changed in the table since becomes its next version. What
has been uploaded here under the same name, or deleted here, stays as it is.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import RagError
from core.generations import Upload
from core.jobs import Job
from core.status import Status
from operations import legacy_rows
from operations.legacy_index import LegacyIndex, page_records
from operations.legacy_plan import Plan
from operations.legacy_rows import Content, LegacyDocument
from operations.legacy_table import LegacyTable
from operations.legacy_target import Known, LegacyTarget
from rag import store
from rag.finish import details_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection

LOCK = "SELECT pg_try_advisory_lock(hashtextextended('amplify-rag legacy documents', 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('amplify-rag legacy documents', 0))"


class MigrationRunningError(RagError):
    """Another run carries documents over."""


class Outcome(StrEnum):
    """What became of a document."""

    MIGRATED = "migrated"
    UNCHANGED = "unchanged"  #: an earlier run has done it
    WITHOUT_TEXT = "without text"
    LEFT_OUT = "left out"  #: the plan has no place for it
    UPLOADED = "uploaded here"  #: the new system has it by an upload of its own, or of another owner
    DELETED = "deleted here"


@dataclass
class Progress:
    """What a run has done so far."""

    total: int  #: documents
    rows: int = 0  #: of the legacy table, of documents that were looked at
    chunks: int = 0  #: stored
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)  #: principals, and how many documents are to be theirs
    left_out: list[tuple[str, str]] = field(default_factory=list)  #: a document's name, and why it has no place

    @property
    def done(self) -> int:
        return self.outcomes.total()


@dataclass(frozen=True)
class Migration:
    """One run."""

    table: LegacyTable
    index: LegacyIndex
    target: LegacyTarget
    plan: Plan
    dry_run: bool = False

    def run(self, batch_size: int) -> Iterator[Progress]:
        """Carry all documents over; after each batch how far it is.

        Raises MigrationRunningError when another run is under way.
        """
        database = self.target.database
        with _alone(database):
            progress = Progress(len(self.plan.documents))
            for batch in legacy_rows.batches(self.plan.documents, batch_size):
                for document, content in legacy_rows.contents(database, self.table, batch).items():
                    progress.outcomes[self._carry(document, content, progress)] += 1
                    progress.rows += document.rows
                yield progress

    def expected(self, document: LegacyDocument, content: Content) -> Upload | None:
        """What the document becomes; None when it has no text or no place."""
        place = self.plan.places.get(document)
        if place is None or not content.passages:
            return None
        return self.target.upload(place, content, self.index.version(content))

    def _carry(self, document: LegacyDocument, content: Content, progress: Progress) -> Outcome:
        upload = self.expected(document, content)
        if upload is None and content.passages:
            progress.left_out.append((document.name, self.plan.reasons[document]))
            return Outcome.LEFT_OUT
        if upload is None:
            return Outcome.WITHOUT_TEXT
        progress.owners[upload.owner] += 1
        known = self.target.known(upload)
        outcome = self._standing(known, upload)
        if outcome is Outcome.MIGRATED and not self.dry_run:
            return self._store(upload, content, known, progress)
        return outcome

    def _standing(self, known: Known, upload: Upload) -> Outcome:
        """What is to become of a document: MIGRATED when there is something to do."""
        if known.is_deleted:
            return Outcome.DELETED
        if not known.is_ours or (known.status is not None and known.status.owner != upload.owner):
            return Outcome.UPLOADED
        listed = self.target.statuses is None or known.is_listed(upload.version)
        return Outcome.UNCHANGED if listed and known.is_stored(upload.version) else Outcome.MIGRATED

    def _store(self, upload: Upload, content: Content, known: Known, progress: Progress) -> Outcome:
        database, statuses = self.target.database, self.target.statuses
        job = _job(upload, content, self._generation(upload, content, known))
        result = store.part_is_stored(database, job)
        if result is None:
            chunks = self.index.chunks(content)
            findings = store.Findings(pages=page_records(content))
            vectors, space = self.index.vectors(content, chunks), self.index.embedder.space
            result = store.replace_part(database, job, chunks, vectors, space, findings=findings)
        if result.superseded:
            return Outcome.DELETED if self.target.known(upload).is_deleted else Outcome.UPLOADED
        if statuses is not None:
            statuses.finish(job, Status.COMPLETED, details_of(result))
        progress.chunks += result.chunks
        return Outcome.MIGRATED

    def _generation(self, upload: Upload, content: Content, known: Known) -> int:
        """The generation that this version has; where states are kept, it begins there."""
        lowest = known.generation(upload.version)
        if self.target.statuses is None:
            return lowest
        begun = self.target.statuses.begin(upload, total_pages=content.pages).status
        while begun.generation < lowest:  # earlier runs, which kept no states, have stored others
            begun = self.target.statuses.begin(replace(upload, force=True), total_pages=content.pages).status
        return begun.generation


def _job(upload: Upload, content: Content, generation: int) -> Job:
    return Job(
        document_id=upload.document_id,
        bucket=upload.bucket,
        key=upload.key,
        etag="",  # there is no file to read
        owner=upload.owner,
        file_name=upload.file_name,
        media_type=upload.media_type,
        size_bytes=upload.size,
        version=upload.version,
        generation=generation,
        part=0,
        parts=1,
        first_page=1,
        last_page=content.pages,
        total_pages=content.pages,
    )


@contextmanager
def _alone(database: "connection") -> Iterator[None]:
    """Keep other runs out; the lock is gone with the connection of whoever is killed."""
    if not _answer(database, LOCK):
        raise MigrationRunningError("another run carries documents over just now")
    try:
        yield
    finally:
        if not database.closed:
            _answer(database, UNLOCK)


def _answer(database: "connection", statement: str) -> bool:
    with database, database.cursor() as cursor:
        cursor.execute(statement)
        return bool((cursor.fetchone() or (False,))[0])
