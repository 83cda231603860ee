"""Dead letters of real failures are sent again, once or twice, or not any more; and the documents go on."""

import io
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError
from reportlab.pdfgen.canvas import Canvas

from core.errors import TransientError
from core.status import DocumentStatus, Status
from operations import sorting
from operations.dead_letters import DeadLetterQueues, Limits
from operations.letters import QueueName, Selection
from operations.services import OperationsServices
from operations.sorting import Sorted
from tests.core.statuses import JOB
from tests.operations.desk import QUICK, Desk
from tests.operations.test_letters import NOTIFICATION

ALL = tuple(QueueName)
EVERYTHING = Selection()


def failed_note(desk: Desk, name: str = "note.txt") -> DocumentStatus:
    """A document whose only job came to rest."""
    begun = desk.upload(b"One passage about ferries.", name)
    desk.fail_all()
    return desk.status(begun)


def pages(number: int) -> bytes:
    """A PDF of so many pages, each with a sentence."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for page in range(1, number + 1):
        canvas.drawString(60, 440, f"Ferry passengers of year {page} were counted at the pier of Mirrey.")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def replay(desk: Desk, selection: Selection = EVERYTHING, services: OperationsServices | None = None) -> Sorted:
    return sorting.replay(ALL, selection, services or desk.operations)


def test_a_job_that_failed_for_good_is_listed_and_sent_again(desk: Desk) -> None:
    failed = failed_note(desk)
    assert (failed.status, failed.metadata["code"], failed.metadata["retryable"]) == (Status.FAILED, "gave_up", True)
    listed = sorting.find(ALL, EVERYTHING, 50, desk.operations)
    [found] = listed.letters
    assert (listed.total, listed.complete) == (1, True)
    assert (found.letter.queue, found.letter.status_id) == (QueueName.TEXT_RAG, failed.status_id)
    assert (found.status, found.letter.receive_count) == (failed, 1)  # by this look
    assert replay(desk) == Sorted(replayed=1)
    assert desk.letters() == []
    assert desk.status(failed).status is Status.QUEUED
    desk.work_all()
    assert desk.status(failed).status is Status.COMPLETED
    assert desk.contents() == ["One passage about ferries."]


def test_a_replay_that_breaks_before_the_letter_is_gone_is_repeated_without_harm(desk: Desk) -> None:
    failed = failed_note(desk)
    dying = desk.emulator.client("sqs")
    dying.meta.events.register("before-send.sqs.DeleteMessage", _no_network)
    queues = DeadLetterQueues(dying, desk.dead, QUICK)
    with pytest.raises(TransientError):
        replay(desk, services=replace(desk.operations, dead_letters=queues))
    assert len(desk.letters()) == 1
    assert replay(desk) == Sorted(replayed=1)
    jobs = desk.jobs()
    assert [job.part for job in jobs] == [0, 0]
    for job in jobs:
        desk.work(job)
    assert (desk.status(failed).status, len(desk.contents())) == (Status.COMPLETED, 1)
    assert replay(desk) == Sorted()


def test_the_whole_document_goes_on_with_its_first_letter(desk: Desk) -> None:
    begun = desk.upload(pages(3), "handbook.pdf", rag_route="text")
    first, *others = desk.jobs()
    desk.work(first)
    desk.services.queues.send(others)
    desk.fail_all()  # the first that fails for good makes the others be dropped
    letters = desk.letters()
    assert 1 <= len(letters) < len(others)
    assert replay(desk, Selection(ids={letters[0].id})).replayed == 1
    sent = desk.jobs()
    assert sorted(job.part for job in sent) == [1, 2]  # what was done is not sent
    for job in sent:
        desk.work(job)
    assert desk.status(begun).status is Status.COMPLETED


@pytest.mark.parametrize("ending", ["deleted", "superseded", "cancelled", "completed", "at fault"])
def test_jobs_that_nobody_wants_any_more_are_removed(desk: Desk, ending: str) -> None:
    begun = desk.upload(b"One passage about ferries.", "note.txt")
    [job] = desk.jobs()
    ends: dict[str, Callable[[], object]] = {
        "deleted": lambda: desk.services.statuses.delete(begun.document_id),
        "superseded": lambda: desk.upload(b"Another passage.", "note.txt"),
        "cancelled": lambda: desk.services.statuses.cancel(begun.document_id),
        "completed": lambda: desk.work(job),
        "at fault": lambda: desk.services.statuses.fail(job, code="corrupt", message="Damaged.", retryable=False),
    }
    ends[ending]()
    desk.waiting(QueueName.TEXT_RAG)
    desk.die(job.to_json())
    assert replay(desk) == Sorted(not_wanted=1)
    assert (desk.letters(), desk.jobs()) == ([], [job])  # a worker drops it, and what it had stored


def test_an_upload_notification_goes_to_the_entry_as_it_is(desk: Desk) -> None:
    desk.die(NOTIFICATION, QueueName.DOCUMENT_INDEX)
    assert replay(desk, Selection(document="uploads#ann/a b!.pdf")) == Sorted(replayed=1)
    assert desk.waiting(QueueName.DOCUMENT_INDEX) == [NOTIFICATION]
    assert desk.letters() == []


def test_what_is_unknown_is_kept_by_a_replay_and_can_be_discarded(desk: Desk) -> None:
    desk.die("no job at all")
    assert replay(desk) == Sorted(not_replayable=1)
    [letter] = desk.letters()
    assert sorting.discard(ALL, Selection(ids={letter.id, "unknown"}), desk.operations) == Sorted(
        discarded=1, not_found=1
    )
    assert desk.letters() == []


def test_only_what_is_meant_is_touched(desk: Desk) -> None:
    first, second = failed_note(desk), failed_note(desk, "other.txt")
    desk.die("no job at all", QueueName.VDR)
    assert sorting.find(ALL, Selection(code="gave_up"), 1, desk.operations).total == 2
    assert sorting.find([QueueName.VDR], Selection(code="gave_up"), 50, desk.operations).total == 0
    assert replay(desk, Selection(code="unavailable")) == Sorted()
    assert sorting.discard(ALL, Selection(document=first.document_id), desk.operations) == Sorted(discarded=1)
    assert desk.status(first) == first  # it still says that it failed
    assert replay(desk, Selection(document=second.status_id)) == Sorted(replayed=1)
    assert [letter.kind for letter in desk.letters()] == ["unknown"]


def test_one_letter_by_its_id(desk: Desk) -> None:
    failed = failed_note(desk)
    [letter] = desk.letters()
    found = sorting.get(letter.id, desk.operations)
    assert found is not None
    assert (found.letter.id, found.status) == (letter.id, failed)
    assert sorting.get("unknown", desk.operations) is None


def test_the_latest_come_first(desk: Desk) -> None:
    desk.die("older")
    desk.die("newer", QueueName.DOCUMENT_INDEX)
    listed = sorting.find(ALL, EVERYTHING, 1, desk.operations)
    assert ([found.letter.body for found in listed.letters], listed.total) == (["newer"], 2)


def test_what_there_was_no_time_for_is_kept_and_counted(desk: Desk) -> None:
    desk.die(JOB.to_json())
    desk.die(JOB.to_json())
    slow = desk.emulator.client("sqs")
    slow.meta.events.register("before-send.sqs.DeleteMessage", lambda **_request: time.sleep(1))
    queues = DeadLetterQueues(slow, desk.dead, Limits(seconds=1, wait_seconds=0))
    counts = sorting.discard(ALL, EVERYTHING, replace(desk.operations, dead_letters=queues))
    assert counts == Sorted(discarded=1, left=1, complete=False)
    assert len(desk.letters()) == 1


def _no_network(**_request: object) -> None:
    raise EndpointConnectionError(endpoint_url="http://nowhere")
