"""The health check: what stands still moves again, or ends with a reason; what only waits is left alone."""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest import MonkeyPatch

from core.aws import Services
from core.errors import TransientError
from core.events import Message, retry_pause
from core.flags import Flags
from core.jobs import Job
from core.lease import Lease
from core.plans import POSTPONED_GRACE_SECONDS, plan_of
from core.recovery import NotRetryableError, replay, retry
from core.settings import Settings
from core.status import DocumentStatus, Status
from operations import health
from tests.core.statuses import job as job_of
from tests.core.statuses import upload
from tests.core.test_plans import parts_of
from tests.emulators import TestEmulator
from tests.services import services_over


class Bench:
    """Queues of its own, and a document of six parts whose jobs were sent, four at a time."""

    def __init__(self, emulator: TestEmulator) -> None:
        self.sqs = emulator.emulator.client("sqs")
        names = ("text_rag_processing_queue_url", "vdr_processing_queue_url", "rag_document_index_queue_url")
        queues = {name: self.sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"] for name in names}
        self.services: Services = services_over(
            emulator, Settings(**emulator.settings | queues, stale_seconds=0, lease_seconds=0.5)
        )
        key = f"{uuid.uuid4().hex}/a.pdf"
        begun = self.services.statuses.begin(upload(key), total_pages=30, parts=6).status
        self.plan = plan_of(job_of(begun), parts_of(6), window=4)
        self.begun = begun

    def send(self) -> None:
        self.services.parts.keep(self.plan)
        self.services.queues.send(self.plan.opening())
        self.services.statuses.queued(self.begun)

    def check(self) -> dict[str, int]:
        """What a check did; other tests' documents are not this one's."""
        time.sleep(0.01)
        counted = health.check(self.services).as_dict()
        return {name: count for name, count in counted.items() if count and name != "unchanged"}

    def lose_messages(self) -> list[Job]:
        """Take all messages from the queues, as their retention does."""
        settings = self.services.settings
        found = []
        for url in (settings.text_rag_processing_queue_url, settings.vdr_processing_queue_url):
            while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.append(Job.from_json(message["Body"]))
        return sorted(found, key=lambda job: job.part)

    @property
    def status(self) -> DocumentStatus:
        status = self.services.statuses.get(self.begun.status_id)
        assert status is not None
        return status


@pytest.fixture
def bench(emulator: TestEmulator, monkeypatch: MonkeyPatch) -> Iterator[Bench]:
    made = Bench(emulator)
    stale = made.services.statuses.stale
    # The table is shared by this run's tests: only this test's document is looked at.
    monkeypatch.setattr(
        made.services.statuses,
        "stale",
        lambda before, limit: [one for one in stale(before, 10_000) if one.status_id == made.begun.status_id],
    )
    yield made
    made.services.statuses.delete(made.begun.document_id)


def later(monkeypatch: MonkeyPatch, **duration: float) -> None:
    """As if so much time had passed since the last change of state."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Later":
            return cls.fromtimestamp((datetime.now(UTC) + timedelta(**duration)).timestamp(), tz)

    monkeypatch.setattr(health, "datetime", Later)


def test_jobs_that_wait_for_a_worker_are_left_alone(bench: Bench) -> None:
    bench.send()
    assert bench.check() == {"waiting": 1}
    assert len(bench.lose_messages()) == 4


def test_lost_jobs_are_sent_again_and_no_others(bench: Bench) -> None:
    bench.send()
    bench.lose_messages()
    bench.services.parts.done(bench.plan.job(1))
    assert bench.check() == {"resumed": 1, "resent": 4}
    assert [job.part for job in bench.lose_messages()] == [0, 2, 3, 5]


def test_what_is_paused_waits_however_empty_its_queue_and_however_long(bench: Bench, monkeypatch: MonkeyPatch) -> None:
    bench.send()
    jobs = bench.lose_messages()  # as if a worker's trigger had held them when it was disabled
    later(monkeypatch, days=5)
    everything = bench.services
    bench.services = replace(everything, flags=lambda: Flags(paused={"text": (), "visual": ()}))
    for _check in range(health.MOST_RESENT + 2):
        assert bench.check() == {"waiting": 1}
    assert bench.lose_messages() == []
    bench.services = everything  # resumed
    assert bench.check() == {"resumed": 1, "resent": len(jobs)}


def test_an_upload_waits_while_the_entry_is_paused(bench: Bench, monkeypatch: MonkeyPatch) -> None:
    later(monkeypatch, days=1)
    bench.services = replace(bench.services, flags=lambda: Flags(paused={"entry": ()}))
    assert bench.check() == {"waiting": 1}


def test_a_living_worker_is_trusted(bench: Bench) -> None:
    bench.send()
    bench.lose_messages()
    assert bench.services.parts.claim(bench.plan.job(0), "somebody", 60)
    assert bench.check() == {"alive": 1}
    assert bench.lose_messages() == []


def test_a_part_whose_worker_died_is_sent_again(bench: Bench) -> None:
    bench.send()
    bench.lose_messages()
    for part in range(6):
        if part != 2:
            bench.services.parts.done(bench.plan.job(part))
    assert bench.services.parts.claim(bench.plan.job(2), "somebody", 0.1)
    time.sleep(0.2)
    assert bench.check() == {"resumed": 1, "resent": 1}
    assert [job.part for job in bench.lose_messages()] == [2]


def test_a_job_that_an_outage_has_postponed_is_not_lost(bench: Bench, monkeypatch: MonkeyPatch) -> None:
    bench.send()
    bench.lose_messages()  # as it looks: they are hidden until their time has come
    for part in range(4):
        job = bench.plan.job(part)
        lease = Lease(
            bench.services.parts, job, 60, message=Message("", 4, id=str(part)), wanted=lambda: True, name="a try"
        )
        lease.take()
        with suppress(TransientError), lease:
            raise TransientError("no database")
    for _check in range(health.MOST_RESENT + 2):
        assert bench.check() == {"waiting": 1}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + retry_pause(4) + POSTPONED_GRACE_SECONDS + 1)
    assert bench.check() == {"resumed": 1, "resent": 4}


@pytest.mark.parametrize("others_wait", [False, True])
def test_a_part_that_kills_every_worker_ends_its_document(bench: Bench, others_wait: bool) -> None:
    bench.send()
    if not others_wait:
        bench.lose_messages()
    for _worker in range(bench.services.settings.max_tries):
        assert bench.services.parts.claim(bench.plan.job(2), "somebody", 0.01)
        time.sleep(0.02)
    bench.services.parts.done(bench.plan.job(0))
    assert bench.check() == {"failed": 1}
    failed = bench.status
    assert failed.status is Status.FAILED
    assert failed.metadata["code"] == "worker_lost"
    assert failed.metadata["retryable"] is True
    assert failed.metadata["stage"] == "queued"
    assert bench.check() == {}


def test_a_job_that_is_lost_again_and_again_is_given_up(bench: Bench, monkeypatch: MonkeyPatch) -> None:
    bench.send()
    for _check in range(health.MOST_RESENT):
        bench.lose_messages()
        assert bench.check() == {"resumed": 1, "resent": 4}
    bench.lose_messages()
    assert bench.check() == {"waiting": 1}  # a worker that could not say so may have it
    later(monkeypatch, minutes=76)
    assert bench.check() == {"failed": 1}


def test_a_message_older_than_its_queue_keeps_any_is_lost_whatever_waits(
    bench: Bench, monkeypatch: MonkeyPatch
) -> None:
    bench.send()
    later(monkeypatch, days=4, minutes=1)
    assert bench.check() == {"resumed": 1, "resent": 4}


def test_an_entry_that_never_ended_is_waited_for_and_then_given_up(bench: Bench, monkeypatch: MonkeyPatch) -> None:
    assert bench.check() == {"waiting": 1}
    deliveries = range(1, bench.services.settings.max_receive_count)
    later(monkeypatch, seconds=sum(retry_pause(delivery) for delivery in deliveries))
    assert bench.check() == {"waiting": 1}
    later(monkeypatch, minutes=76)
    assert bench.check() == {"failed": 1}
    assert bench.status.metadata["code"] == "entry_lost"
    retry(bench.status, bench.services)
    url = bench.services.settings.rag_document_index_queue_url
    assert bench.sqs.receive_message(QueueUrl=url)["Messages"]


def test_what_moves_meanwhile_is_not_given_up(bench: Bench) -> None:
    bench.send()
    seen = bench.status
    bench.services.statuses.report(bench.plan.job(0), Status.EXTRACTING_TEXT, fraction=0.5)
    assert bench.services.statuses.give_up(seen, code="worker_lost", message="") is None
    assert bench.status.status is Status.EXTRACTING_TEXT


def test_a_retry_repeats_only_what_is_not_done(bench: Bench) -> None:
    bench.send()
    bench.lose_messages()
    for part in (0, 1, 3):
        bench.services.parts.done(bench.plan.job(part))
    bench.services.statuses.report(bench.plan.job(0), Status.STORING, fraction=1.0, pages_done=5)
    bench.services.statuses.fail(bench.plan.job(2), code="gave_up", message="…", retryable=True)
    before = bench.status
    resumed = retry(before, bench.services)
    assert resumed.status is Status.QUEUED
    assert resumed.generation == before.generation
    assert resumed.progress == before.progress
    assert resumed.metadata["pagesDone"] == before.metadata["pagesDone"]
    assert "error" not in resumed.metadata
    assert [job.part for job in bench.lose_messages()] == [2, 4, 5]


def test_a_retry_begins_to_count_failures_anew(bench: Bench) -> None:
    test_a_part_that_kills_every_worker_ends_its_document(bench, others_wait=False)
    retry(bench.status, bench.services)
    bench.lose_messages()
    assert bench.check() == {"resumed": 1, "resent": 4}


@pytest.mark.parametrize("ending", ["running", "completed", "document's fault"])
def test_a_retry_that_would_change_nothing_is_refused(bench: Bench, ending: str) -> None:
    bench.send()
    if ending == "completed":
        bench.services.statuses.finish(bench.plan.job(0), Status.COMPLETED)
    elif ending == "document's fault":
        bench.services.statuses.fail(bench.plan.job(0), code="corrupt", message="…", retryable=False)
    with pytest.raises(NotRetryableError):
        retry(bench.status, bench.services)


def test_a_replayed_job_wakes_its_document_up(bench: Bench) -> None:
    bench.send()
    bench.lose_messages()
    job = bench.plan.job(3)
    bench.services.statuses.fail(job, code="gave_up", message="…", retryable=True)
    assert replay(job, bench.services)
    assert replay(job, bench.services)
    assert bench.status.status is Status.QUEUED
    assert [one.part for one in bench.lose_messages()] == [0, 1, 2, 3, 3]  # the others may have been dropped meanwhile
    assert not replay(replace(job, generation=7), bench.services)
    assert [one.generation for one in bench.lose_messages()] == [7]  # for a worker to drop, with what it has stored
    bench.services.statuses.cancel(job.document_id)
    assert not replay(job, bench.services)
