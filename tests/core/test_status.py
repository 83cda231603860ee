"""Which changes of a state are allowed, whatever the order in which workers report them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import generations
from core.status import FINAL, SEARCHABLE, WAITING, Change, DocumentStatus, Status, advance
from tests.core.statuses import upload

PARTS = 4


def validating(parts: int = PARTS) -> DocumentStatus:
    return generations.begin(None, upload(), "d1", "t0", routing={"text": 200}, total_pages=200, parts=parts)


def change(status: Status, **fields: Any) -> Change:
    known: dict[str, Any] = {"document_id": "d1", "generation": 1, "version": "a" * 16, "at": "t1"}
    return Change(status=status, **{**known, **fields})


def after(state: DocumentStatus, *changes: Change) -> DocumentStatus:
    """The state after changes that must all be accepted."""
    for each in changes:
        following = advance(state, each)
        assert following is not None
        state = following
    return state


changes = st.builds(
    change,
    st.sampled_from(sorted(Status)),
    generation=st.sampled_from([1, 1, 1, 1, 0, 2]),
    version=st.sampled_from(["a" * 16, "a" * 16, "b" * 16]),
    document_id=st.sampled_from(["d1", "d1", "d1", "d0"]),
    part=st.none() | st.integers(0, PARTS - 1),
    fraction=st.floats(-1, 2),
    pages_done=st.integers(0, 60),
    message=st.sampled_from(["", "Reading"]),
)


@given(st.lists(changes, max_size=40))
def test_progress_and_sequence_never_go_down_and_final_states_stay(reported: list[Change]) -> None:
    state = validating()
    for each in reported:
        following = advance(state, each)
        if following is None or following is state:
            continue
        assert following.sequence == state.sequence + 1
        assert 0 <= state.progress <= following.progress <= 100
        assert following.metadata["pagesDone"] >= state.metadata["pagesDone"] or following.status in FINAL
        assert all(new >= old for new, old in zip(following.part_permille, state.part_permille, strict=False))
        assert state.status not in FINAL
        assert following.status not in WAITING or state.status in WAITING
        assert (each.document_id, each.generation, each.version) == ("d1", 1, "a" * 16)
        assert (following.owner, following.created_at, following.document_id) == ("user:ann", "t0", "d1")
        assert type(following.progress) is int
        assert (following.progress == 100) == (following.status in SEARCHABLE)
        state = following


@given(st.permutations([(part, step) for part in range(PARTS) for step in (0.3, 0.7, 1.0)]))
def test_the_order_of_reports_does_not_matter_for_the_progress(order: list[tuple[int, float]]) -> None:
    reports = [change(Status.EMBEDDING, part=part, fraction=step, pages_done=int(50 * step)) for part, step in order]
    state = after(validating(), *reports)
    assert state.progress == 95
    assert state.metadata["pagesDone"] == 200


def test_progress_is_the_mean_of_the_parts() -> None:
    state = after(validating(), change(Status.QUEUED))
    assert state.progress == 5
    state = after(state, change(Status.PROCESSING_STARTED, part=0))
    assert state.progress == 10
    state = after(state, change(Status.EXTRACTING_TEXT, part=1, fraction=0.5, pages_done=25))
    assert state.progress == 10 + 85 * 500 // 4000
    assert state.metadata["pagesDone"] == 25
    assert state.metadata["message"] == "Reading the text of the pages"
    assert state.status is Status.EXTRACTING_TEXT
    state = after(state, change(Status.COMPLETED, details={"chunks": 12}))
    assert (state.progress, state.metadata["pagesDone"], state.metadata["chunks"]) == (100, 200, 12)
    assert state.current_generation == 1


@pytest.mark.parametrize(
    "stale", [{"generation": 0}, {"generation": 2}, {"version": "b" * 16}, {"document_id": "d0"}], ids=str
)
@pytest.mark.parametrize("status", [Status.EMBEDDING, Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_reports_about_another_version_are_refused(status: Status, stale: dict[str, Any]) -> None:
    assert advance(validating(), change(status, **stale)) is None


@pytest.mark.parametrize("final", sorted(FINAL))
def test_nothing_follows_a_final_state(final: Status) -> None:
    state = after(validating(), change(final))
    assert advance(state, change(final, at="t2")) is state  # said twice: nothing new
    for status in set(Status) - {final}:
        assert advance(state, change(status, part=0, fraction=1.0)) is None, status


def test_a_version_that_left_the_queue_never_returns_to_it() -> None:
    state = after(validating(), change(Status.EMBEDDING, part=0, fraction=0.1))
    for status in WAITING:
        assert advance(state, change(status)) is state


def test_a_report_that_says_nothing_new_changes_nothing() -> None:
    state = after(validating(), change(Status.EMBEDDING, part=2, fraction=0.6, pages_done=30))
    assert advance(state, change(Status.EMBEDDING, part=2, fraction=0.4, pages_done=20, at="t9")) is state


def test_a_failure_keeps_the_progress_and_tells_its_reason() -> None:
    state = after(validating(), change(Status.EMBEDDING, part=0, fraction=1.0, pages_done=50))
    why = {"error": "It is broken.", "code": "broken", "stage": "embedding", "retryable": False}
    failed = after(state, change(Status.FAILED, message="It is broken.", details=why))
    assert failed.progress == state.progress
    assert failed.metadata.items() >= {**why, "message": "It is broken.", "pagesDone": 50, "totalPages": 200}.items()
    assert failed.current_generation is None


def test_the_searchable_version_is_told_until_a_newer_one_replaces_it() -> None:
    done = after(validating(), change(Status.COMPLETED))
    second = generations.begin(done, upload(version="b" * 16), "-", "t5", routing={}, total_pages=1, parts=1)
    assert second.metadata["currentGeneration"] == 1
    done = after(second, change(Status.COMPLETED_WITH_GAPS, generation=2, version="b" * 16))
    assert "currentGeneration" not in done.metadata
    assert done.current_generation == 2


def test_the_body_is_the_message() -> None:
    state = replace(after(validating(), change(Status.QUEUED, at="t7")), created_at="t-")
    assert state.body() == {
        "type": "document_status_update",
        "statusId": "uploads#ann/handbook.pdf",
        "documentId": "d1",
        "sequence": 2,
        "status": "queued",
        "metadata": {
            "progress": 5,
            "message": "Waiting for a worker",
            "fileName": "handbook.pdf",
            "generation": 1,
            "totalPages": 200,
            "pagesDone": 0,
            "parts": 4,
            "routes": {"text": 200},
        },
        "timestamp": "t7",
    }


def test_every_status_has_a_sentence_of_its_own() -> None:
    assert all(status.sentence for status in Status)
    assert len({status.sentence for status in Status}) == len(Status)
    assert Status("embedding") is Status.EMBEDDING
