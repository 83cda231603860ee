"""How uploads become versions of a document."""

from dataclasses import replace
from typing import Any

import pytest

from core import generations
from core.contents import Content
from core.errors import DocumentError, TransientError
from core.status import Change, DocumentStatus, Status, advance, bury, resume
from tests.core.statuses import upload

FAILURE = {"error": "The file is encrypted.", "code": "encrypted", "stage": "validating", "retryable": False}


def begun(current: DocumentStatus | None = None, **fields: Any) -> DocumentStatus:
    return generations.begin(current, upload(**fields), "d1", "t1", routing={"text": 3}, total_pages=3, parts=1)


def now(current: DocumentStatus, status: Status) -> DocumentStatus:
    change = Change(
        document_id=current.document_id,
        generation=current.generation,
        version=current.version,
        status=status,
        at="t2",
    )
    following = advance(current, change)
    assert following is not None
    return following


def test_an_announced_document_keeps_its_id_when_its_file_arrives() -> None:
    announced = generations.announce(None, upload(version=""), "d0", "t0")
    assert (announced.status, announced.generation, announced.sequence) == (Status.AWAITING_UPLOAD, 0, 1)
    first = begun(announced)
    assert (first.document_id, first.generation, first.sequence, first.created_at) == ("d0", 1, 2, "t0")
    assert first.status is Status.VALIDATING
    assert first.timestamp == "t1"


def test_an_announcement_does_not_disturb_a_document() -> None:
    for current in (begun(), now(begun(), Status.COMPLETED), now(begun(), Status.FAILED)):
        assert generations.announce(current, upload(version=""), "d9", "t9") is current


def test_an_announcement_can_be_repeated() -> None:
    announced = generations.announce(None, upload(version=""), "d0", "t0")
    again = generations.announce(announced, upload(version="", size=7), "d9", "t9")
    assert (again.document_id, again.size, again.sequence) == ("d0", 7, 2)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.EMBEDDING, Status.COMPLETED, Status.COMPLETED_WITH_GAPS])
def test_the_same_version_is_not_begun_again(status: Status) -> None:
    current = now(begun(), status)
    assert begun(current) is current


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_the_same_version_is_begun_again_after_it_failed(status: Status) -> None:
    again = begun(now(begun(), status))
    assert (again.generation, again.sequence, again.progress, again.status) == (2, 3, 0, Status.VALIDATING)
    assert "error" not in again.metadata


def test_what_workers_can_read_no_more_is_begun_again_and_what_is_done_is_not() -> None:
    first = Content(id="sha256", etag="1", size=5, sha256="aa")
    again = replace(first, etag="2")  # as under a KMS key
    running = now(begun(content=first), Status.EMBEDDING)
    assert begun(running, content=first) is running
    assert begun(running, content=again).generation == 2
    done = now(running, Status.COMPLETED)
    assert begun(done, content=again) is done


def test_another_version_supersedes_a_running_one() -> None:
    running = now(begun(), Status.EMBEDDING)
    newer = begun(running, version="b" * 16)
    assert (newer.generation, newer.progress, newer.part_permille) == (2, 0, (0,))
    late = Change(document_id="d1", generation=1, version="a" * 16, status=Status.COMPLETED, at="t3")
    assert advance(newer, late) is None


def test_a_rejected_upload_leaves_the_searchable_version() -> None:
    done = now(begun(), Status.COMPLETED)
    rejected = generations.reject(done, upload(version="b" * 16), "-", "t3", failure=FAILURE)
    assert rejected is not None
    assert (rejected.status, rejected.generation, rejected.current_generation) == (Status.FAILED, 2, 1)
    assert rejected.metadata.items() >= {**FAILURE, "currentGeneration": 1}.items()
    assert rejected.document_id == done.document_id


def test_an_upload_can_be_rejected_before_the_document_was_known() -> None:
    rejected = generations.reject(None, upload(), "d5", "t3", failure=FAILURE)
    assert rejected is not None
    assert (rejected.document_id, rejected.generation, rejected.sequence) == ("d5", 1, 1)
    assert generations.reject(rejected, upload(), "d6", "t4", failure=FAILURE) is rejected  # delivered twice
    other = generations.reject(rejected, upload(), "d6", "t4", failure={**FAILURE, "code": "empty"})
    assert other is not None and other.generation == 2


def test_the_owner_never_changes() -> None:
    current, theirs = begun(), upload(owner="user:bob")
    with pytest.raises(DocumentError, match="Another owner") as error:
        generations.begin(current, theirs, "-", "t9", routing={}, total_pages=1, parts=1)
    assert error.value.code == "owner_mismatch"
    with pytest.raises(DocumentError):
        generations.announce(current, theirs, "-", "t9")
    assert generations.reject(current, theirs, "-", "t9", failure=FAILURE) is None


def test_a_type_found_by_content_replaces_the_announced_one() -> None:
    announced = generations.announce(None, upload(media_type="application/pdf"), "d0", "t0")
    assert begun(announced, media_type="image/png").media_type == "image/png"
    assert generations.reject(announced, upload(media_type=""), "-", "t", failure=FAILURE) == replace(
        generations.reject(announced, upload(), "-", "t", failure=FAILURE)  # type: ignore[type-var]
    )


def deleted() -> DocumentStatus:
    return bury(now(begun(), Status.COMPLETED), "2026-11-21T09:00:07.500000Z")


@pytest.mark.parametrize("stored_at", ["2026-11-21T09:00:00Z", "2026-11-21T09:00:07Z"])
def test_nothing_becomes_of_a_file_that_is_being_deleted(stored_at: str) -> None:
    """The second of the deletion counts as before it: it is looked at again when the deletion is over."""
    with pytest.raises(TransientError):
        begun(deleted(), stored_at=stored_at)
    with pytest.raises(TransientError):
        generations.reject(deleted(), upload(stored_at=stored_at), "d9", "t9", failure=FAILURE)


def test_a_newer_file_of_that_name_is_another_document() -> None:
    new = generations.begin(
        deleted(), upload(stored_at="2026-11-21T09:00:08Z"), "d9", "t9", routing={}, total_pages=3, parts=1
    )
    assert (new.document_id, new.generation, new.sequence, new.created_at) == ("d9", 1, 1, "t9")
    assert new.current_generation is None
    announced = generations.announce(deleted(), upload(version="", owner="user:another"), "d9", "t9")
    assert (announced.document_id, announced.sequence, announced.owner) == ("d9", 1, "user:another")


def test_a_deleted_document_changes_no_more() -> None:
    state = deleted()
    assert bury(state, "t9") is state
    assert resume(state, "t9") is None
    change = Change(document_id="d1", generation=1, version=state.version, status=Status.STORING, at="t9", part=0)
    assert advance(state, change) is None
    assert not generations.is_repeat(state, upload(repeats=1))


def test_a_repeat_that_comes_after_a_later_version_changes_nothing() -> None:
    failed = now(begun(), Status.CANCELLED)
    again = begun(failed, repeats=1)
    assert again.generation == 2
    cancelled = now(again, Status.CANCELLED)
    assert begun(cancelled, repeats=1) is cancelled
    assert begun(cancelled, repeats=2).generation == 3
