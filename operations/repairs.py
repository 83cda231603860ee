"""Repairs: what is done about each finding. Each may be repeated, and leaves alone what has changed meanwhile."""

from collections.abc import Callable

from api import deletion
from core import dispatch
from core.database_retry import connected
from core.jobs import Job
from core.status import DocumentStatus
from operations import sorting
from operations.doctor_services import DoctorServices
from operations.drift import Code, Finding
from operations.letters import QueueName, Selection
from rag.finish import discard, finish_stored
from rag.removal import delete_document, remove_rows

Repair = Callable[[Finding, DoctorServices], None]


def repair(finding: Finding, services: DoctorServices) -> bool:
    """Mend what was found, as far as that is safe; whether anything was done."""
    work = REPAIRS.get(finding.code)
    if work is not None:
        work(finding, services)
    return work is not None


def _end_deletion(finding: Finding, services: DoctorServices) -> None:
    doomed = deletion.find(finding.document_id, services)
    if doomed is not None and doomed.deleted_at:
        deletion.delete(doomed, services, services.connections)


def _remove_stored(finding: Finding, services: DoctorServices) -> None:
    """As a deletion, but for the file: it may be taken in anew, as another document."""
    stored = services.stored.documents([finding.document_id]).get(finding.document_id)
    if stored is not None and services.statuses.find(finding.document_id) is None:
        connected(services.database, lambda database: delete_document(database, [stored.owner], stored.document_id))
        services.parts.delete(stored.document_id)
        services.blobs.delete_derived(stored.document_id)


def _remove_rows(finding: Finding, services: DoctorServices) -> None:
    owner, key = finding.target["owner"], finding.target["versionKey"]
    connected(services.database, lambda database: remove_rows(database, owner, key))


def _discard_version(finding: Finding, services: DoctorServices) -> None:
    status = services.statuses.find(finding.document_id)
    if status is not None:
        discard(_job(status, finding.target["generation"]), services)


def _take_in_again(finding: Finding, services: DoctorServices) -> None:
    status = services.statuses.find(finding.document_id)
    if status is not None:
        services.queues.take_in_again(status.bucket, status.key, status.generation)


def _take_in(finding: Finding, services: DoctorServices) -> None:
    services.queues.take_in_again(finding.target["bucket"], finding.target["key"], 0)


def _finish(finding: Finding, services: DoctorServices) -> None:
    status = services.statuses.find(finding.document_id)
    stored = services.stored.documents([finding.document_id]).get(finding.document_id)
    for version in stored.versions if status and stored else ():
        if status and version.generation == status.generation and version.part is not None:
            finish_stored(_job(status, version.generation, version.part), services)


def _send_due(finding: Finding, services: DoctorServices) -> None:
    status = services.statuses.find(finding.document_id)
    if status is not None and status.is_running:
        services.queues.send(dispatch.due(status.document_id, status.generation, services))


def _remove_derived(finding: Finding, services: DoctorServices) -> None:
    if services.statuses.find(finding.document_id) is None:
        services.blobs.delete_derived(finding.document_id)


def _remove_generation(finding: Finding, services: DoctorServices) -> None:
    services.blobs.delete_generation(finding.document_id, finding.target["generation"])


def _remove_parts(finding: Finding, services: DoctorServices) -> None:
    if services.statuses.find(finding.document_id) is None:
        services.parts.delete(finding.document_id)


def _remove_history(finding: Finding, services: DoctorServices) -> None:
    doomed = deletion.find(finding.document_id, services)
    if doomed is not None and doomed.deleted_at:
        deletion.delete(doomed, services, services.connections)
    elif doomed is None:
        services.statuses.delete(finding.document_id)


def _unsubscribe(finding: Finding, services: DoctorServices) -> None:
    topic, connection_id = finding.target["topic"], finding.target["connectionId"]
    if finding.document_id and services.statuses.find(finding.document_id) is None:
        services.connections.unsubscribe(connection_id, [topic])
    else:
        services.connections.close(connection_id, [topic])


def _remove_letter(finding: Finding, services: DoctorServices) -> None:
    queue = QueueName(finding.target["queue"])
    sorting.discard([queue], Selection(ids={finding.target["id"]}), services)


REPAIRS: dict[Code, Repair] = {
    Code.DELETION_UNFINISHED: _end_deletion,
    Code.ROWS_WITHOUT_DOCUMENT: _remove_stored,
    Code.ROWS_WITHOUT_VERSION: _remove_rows,
    Code.VERSION_LEFT: _discard_version,
    Code.NOT_SEARCHABLE: _take_in_again,
    Code.FINISH_MISSING: _finish,
    Code.STANDS_STILL: _send_due,
    Code.UPLOAD_NOT_TAKEN_IN: _take_in,
    Code.DERIVED_WITHOUT_DOCUMENT: _remove_derived,
    Code.DERIVED_OF_OLD_VERSION: _remove_generation,
    Code.PARTS_WITHOUT_DOCUMENT: _remove_parts,
    Code.HISTORY_WITHOUT_DOCUMENT: _remove_history,
    Code.SUBSCRIPTION_LEFT: _unsubscribe,
    Code.DEAD_LETTER_LEFT: _remove_letter,
}


def _job(status: DocumentStatus, generation: int, part: int = 0) -> Job:
    """A job that stands for a version, for those who need to know no more than that."""
    return Job(
        document_id=status.document_id,
        bucket=status.bucket,
        key=status.key,
        etag="",
        owner=status.owner,
        file_name=status.file_name,
        media_type=status.media_type,
        size_bytes=status.size,
        version=status.version,
        generation=generation,
        part=part,
        parts=max(1, len(status.part_permille)),
        first_page=1,
        last_page=1,
        total_pages=1,
    )
