"""Dead letters over HTTP: listed, shown, sent again, discarded; for operators alone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.records import moment
from core.http import HttpError
from operations import call, sorting
from operations.letters import QueueName, Selection, error_code
from operations.models import DeadLetter, DeadLetterList, DeadLetterSelection, Discarded, Replayed
from operations.sorting import Found, Sorted

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

TAGS = ["dead letters"]
PATH = "/v2/operations/dead-letters"
DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000


@router.get(PATH, tags=TAGS, summary="List dead letters", operation_id="listDeadLetters")
def list_dead_letters(
    queue: Annotated[QueueName | None, Query(description="Only those of this queue")] = None,
    document_id: Annotated[
        str | None, Query(alias="documentId", max_length=2048, description="Only those of this document")
    ] = None,
    code: Annotated[
        str | None, Query(max_length=100, description="Only those whose documents show this error code at present")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> DeadLetterList:
    """Messages that were given up, the latest first, with what became of their documents.

    While one look goes on, another may see fewer of them.
    """
    caller = call.current(router)
    asked = {"queue": queue, "document": document_id, "code": code}
    with caller.audited("list dead letters", **asked) as outcome:
        selection = Selection(document=document_id, code=code)
        listed = sorting.find(_queues(queue), selection, limit, caller.services)
        outcome.update(letters=listed.total, complete=listed.complete)
    return DeadLetterList(
        dead_letters=[_shown(found) for found in listed.letters], total=listed.total, complete=listed.complete
    )


@router.get(f"{PATH}/<id>", tags=TAGS, summary="Get a dead letter", operation_id="getDeadLetter")
def get_dead_letter(letter_id: Annotated[str, Path(alias="id", max_length=100)]) -> DeadLetter:
    """One dead letter."""
    caller = call.current(router)
    with caller.audited("show dead letter", letter=letter_id):
        found = sorting.get(letter_id, caller.services)
    if found is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "dead_letter_not_found", "There is no such dead letter.")
    return _shown(found)


@router.post(f"{PATH}/replay", tags=TAGS, summary="Send dead letters again", operation_id="replayDeadLetters")
def replay_dead_letters(selection: DeadLetterSelection) -> Replayed:
    """Send dead letters to their queues again, and remove them.

    The documents go on where they stood. Jobs that nobody wants any more are removed and counted. Repeating it is
    harmless.
    """
    return Replayed.model_validate(_sort_out("replay dead letters", selection, sorting.replay), from_attributes=True)


@router.post(f"{PATH}/discard", tags=TAGS, summary="Discard dead letters", operation_id="discardDeadLetters")
def discard_dead_letters(selection: DeadLetterSelection) -> Discarded:
    """Remove dead letters for good. Their documents stay as they are: one that failed can still be tried again."""
    return Discarded.model_validate(_sort_out("discard dead letters", selection, sorting.discard), from_attributes=True)


def _sort_out(operation: str, wanted: DeadLetterSelection, work: Any) -> Sorted:
    caller = call.current(router)
    asked = wanted.model_dump(mode="json", exclude_none=True)
    with caller.audited(operation, selection=asked) as outcome:
        selection = Selection(
            ids=None if wanted.ids is None else frozenset(wanted.ids), document=wanted.document_id, code=wanted.code
        )
        counts: Sorted = work(_queues(wanted.queue), selection, caller.services)
        outcome.update(vars(counts))
    return counts


def _queues(wanted: QueueName | None) -> Sequence[QueueName]:
    return [wanted] if wanted else tuple(QueueName)


def _shown(found: Found) -> DeadLetter:
    letter, status = found.letter, found.status
    job = letter.job
    return DeadLetter(
        id=letter.id,
        queue=letter.queue,
        kind=letter.kind,
        sent_at=moment(datetime.fromtimestamp(letter.sent_at, UTC)),
        receive_count=letter.receive_count,
        bytes=len(letter.body.encode()),
        status_id=letter.status_id,
        document_id=letter.document_id(status),
        generation=job.generation if job else None,
        part=job.part if job else None,
        pages=(job.first_page, job.last_page) if job else None,
        status=status.status if status and letter.is_of(status) else None,
        code=error_code(letter, status),
    )
