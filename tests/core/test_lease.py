"""Leases: a part has one worker, who keeps it by showing life and loses it by falling silent."""

import time
import uuid
from dataclasses import replace

import pytest

from core.events import Message
from core.jobs import Job
from core.lease import Lease, LeaseLostError
from core.part_table import PartTable
from core.progress import SupersededError
from core.settings import Settings
from tests.core.statuses import JOB
from tests.core.test_plans import plan
from tests.emulators import TestEmulator

SHORT = 0.6  #: seconds


@pytest.fixture
def parts(emulator: TestEmulator) -> PartTable:
    return PartTable(emulator.emulator.client("dynamodb"), Settings(**emulator.settings))


@pytest.fixture
def job() -> Job:
    return replace(JOB, document_id=str(uuid.uuid4()))


def lease(parts: PartTable, job: Job, seconds: float = SHORT, *, wanted: bool = True, message: str = "") -> Lease:
    return Lease(parts, job, seconds, message=Message("", 1, id=message), wanted=lambda: wanted, name=uuid.uuid4().hex)


def taken(one: Lease) -> bool:
    one.take()
    return one.is_held


def eventually_raises(held: Lease, error: type[Exception]) -> None:
    deadline = time.monotonic() + 10
    with pytest.raises(error):
        while time.monotonic() < deadline:
            held.check()
            time.sleep(0.05)


def test_a_part_has_one_worker(parts: PartTable, job: Job) -> None:
    assert taken(lease(parts, job, 60))
    assert not taken(lease(parts, job, 60))


def test_heartbeats_keep_a_part_and_hide_its_message(parts: PartTable, job: Job) -> None:
    hidden: list[int] = []
    held = Lease(parts, job, SHORT, message=Message("", 1, hidden.append), wanted=lambda: True, name="a try")
    assert taken(held)
    with held:
        time.sleep(3 * SHORT)
        assert not taken(lease(parts, job))
        held.check()
    assert len(hidden) >= 3
    assert set(hidden) == {1}  # longer than the lease, in whole seconds


def test_a_silent_worker_loses_its_part_and_the_next_one_counts(parts: PartTable, job: Job) -> None:
    assert taken(lease(parts, job, 0.2))  # no heartbeat: as if killed
    time.sleep(0.3)
    record = lease(parts, job).take()
    assert record.claims == 2


def test_a_worker_that_slept_finds_out_that_it_lost_its_part(parts: PartTable, job: Job) -> None:
    sleeper = lease(parts, job, SHORT)
    assert taken(sleeper)
    time.sleep(SHORT + 0.1)  # the machine was frozen: no heartbeat
    assert taken(lease(parts, job, 60))
    with pytest.raises(LeaseLostError), sleeper:
        eventually_raises(sleeper, LeaseLostError)
        sleeper.check()
    assert not taken(lease(parts, job))  # giving back took nothing away from the other


def test_a_version_that_is_not_wanted_any_more_is_noticed_between_reports(parts: PartTable, job: Job) -> None:
    held = lease(parts, job, wanted=False)
    assert taken(held)
    with held:
        eventually_raises(held, SupersededError)


def test_what_was_left_undone_is_given_back_at_once(parts: PartTable, job: Job) -> None:
    held = lease(parts, job, 60)
    assert taken(held)
    with held:
        pass
    assert taken(lease(parts, job))


def test_what_failed_is_given_back_at_once(parts: PartTable, job: Job) -> None:
    held = lease(parts, job, 60)
    assert taken(held)
    with pytest.raises(ZeroDivisionError), held:
        raise ZeroDivisionError
    assert taken(lease(parts, job))


def test_a_part_that_is_done_is_taken_by_nobody(parts: PartTable, job: Job) -> None:
    parts.done(job)
    other = lease(parts, job)
    assert other.take().done
    assert not other.is_held


def test_a_later_delivery_of_the_same_message_is_told_from_another_message(parts: PartTable, job: Job) -> None:
    assert taken(lease(parts, job, 60, message="one"))
    again, other = lease(parts, job, 60, message="one"), lease(parts, job, 60, message="two")
    assert again.is_of_same_message(again.take())
    assert not other.is_of_same_message(other.take())


def test_the_first_plan_stays(parts: PartTable) -> None:
    document_id = str(uuid.uuid4())
    first, other = (replace(each, first=replace(each.first, document_id=document_id)) for each in (plan(5), plan(7)))
    assert parts.keep(first) == first
    assert parts.keep(other) == first
    assert parts.plan(first.first.document_id, first.first.generation) == first


def test_everything_of_a_document_can_be_forgotten(parts: PartTable, job: Job) -> None:
    kept = plan(60)
    parts.keep(replace(kept, first=replace(kept.first, document_id=job.document_id)))
    for number in range(40):
        parts.done(replace(job, part=number))
    assert len(parts.records(job.document_id, job.generation)) == 40
    assert parts.delete(job.document_id) == 41
    assert parts.delete(job.document_id) == 0
    assert parts.plan(job.document_id, job.generation) is None
