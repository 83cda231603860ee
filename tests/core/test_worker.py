"""The frame around a pipeline: which jobs run, which are dropped, and what each kind of failure leads to."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from core import worker
from core.aws import Services
from core.blobs import ObjectChangedError
from core.errors import DocumentError, TransientError
from core.events import Message, NotYetError
from core.jobs import Job, JobSchemaError
from core.lease import LeaseLostError
from core.progress import OutOfTimeError, Reporter, SupersededError
from core.queues import Queues
from core.settings import Settings
from core.status import DocumentStatus, Status
from tests.core.statuses import job as job_of
from tests.core.statuses import upload
from tests.emulators import TestEmulator
from tests.services import services_over


@dataclass
class Pipeline:
    """Notes what it was asked to do, and then does as told."""

    act: Callable[[Job, Services, Reporter], None] = lambda job, services, reporter: None
    processed: list[int] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)

    def process(self, job: Job, services: Services, reporter: Reporter) -> None:
        self.processed.append(job.part)
        self.act(job, services, reporter)

    def discard(self, job: Job, services: Services) -> None:
        self.discarded.append(job.part)


class Bench:
    """One document of one part, queued."""

    def __init__(self, emulator: TestEmulator) -> None:
        self.sqs = emulator.emulator.client("sqs")
        names = ("text_rag_processing_queue_url", "text_rag_dead_letter_queue_url")
        queues = {name: self.sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"] for name in names}
        self.services = services_over(emulator, Settings(**emulator.settings | queues))
        key = f"{uuid.uuid4().hex}/a.pdf"
        self.begun = self.services.statuses.begin(upload(key), total_pages=3, parts=1).status
        self.job = job_of(self.begun)

    def run(self, pipeline: Pipeline, receive_count: int = 1, job: Job | None = None) -> None:
        message = Message((job or self.job).to_json(), receive_count)
        worker.run(message, self.services, pipeline.process, pipeline.discard)

    def letters(self) -> list[Job]:
        """The jobs that have come to rest, taken from there."""
        url = self.services.settings.text_rag_dead_letter_queue_url
        return [Job.from_json(each["Body"]) for each in self.sqs.receive_message(QueueUrl=url).get("Messages", [])]

    @property
    def status(self) -> DocumentStatus:
        status = self.services.statuses.get(self.begun.status_id)
        assert status is not None
        return status


@pytest.fixture
def bench(emulator: TestEmulator) -> Bench:
    return Bench(emulator)


def failing(error: Exception) -> Pipeline:
    def act(job: Job, services: Services, reporter: Reporter) -> None:
        raise error

    return Pipeline(act)


def test_a_wanted_job_is_processed(bench: Bench) -> None:
    pipeline = Pipeline()
    bench.run(pipeline)
    assert (pipeline.processed, pipeline.discarded) == ([0], [])


def test_the_documents_fault_is_told_and_not_repeated(bench: Bench) -> None:
    pipeline = failing(DocumentError("corrupt", "The file is damaged."))
    bench.run(pipeline)
    assert bench.status.status == Status.FAILED
    assert bench.status.metadata["code"] == "corrupt"
    assert bench.status.metadata["retryable"] is False
    assert pipeline.discarded == [0]


def test_the_worlds_fault_rises_so_that_the_queue_repeats_it(bench: Bench) -> None:
    with pytest.raises(TransientError):
        bench.run(failing(TransientError("no database")))
    assert bench.status.status not in {Status.FAILED}


def test_an_outage_has_all_deliveries_of_a_message_to_pass(bench: Bench) -> None:
    last = bench.services.settings.max_receive_count
    for delivery in range(1, last):
        with pytest.raises(TransientError):
            bench.run(failing(TransientError("no database")), receive_count=delivery)
    assert "code" not in bench.status.metadata
    bench.run(failing(TransientError("no database")), receive_count=last)
    assert bench.status.status == Status.FAILED
    assert (bench.status.metadata["code"], bench.status.metadata["retryable"]) == ("unavailable", True)
    assert bench.letters() == [bench.job]


def test_what_fails_for_another_reason_is_given_up_at_the_third_try(bench: Bench) -> None:
    for _try in range(bench.services.settings.max_tries - 1):
        with pytest.raises(ZeroDivisionError):
            bench.run(failing(ZeroDivisionError()))
    assert bench.status.status not in {Status.FAILED}
    assert bench.letters() == []
    bench.run(failing(ZeroDivisionError()))
    assert (bench.status.metadata["code"], bench.status.metadata["retryable"]) == ("gave_up", True)
    assert bench.letters() == [bench.job]


def test_an_outage_between_two_faults_counts_as_no_try(bench: Bench) -> None:
    for error in (ZeroDivisionError, TransientError, TransientError, ZeroDivisionError):
        with pytest.raises(error):
            bench.run(failing(error()))
    assert "code" not in bench.status.metadata
    bench.run(failing(ZeroDivisionError()))
    assert bench.status.status == Status.FAILED


def test_a_part_that_has_ended_three_workers_is_begun_by_no_fourth(bench: Bench) -> None:
    for number in range(bench.services.settings.max_tries):
        assert bench.services.parts.claim(bench.job, f"worker {number}", 0.01).claims == number + 1
        time.sleep(0.02)
    pipeline = Pipeline()
    bench.run(pipeline)
    assert pipeline.processed == []
    assert (bench.status.metadata["code"], bench.status.metadata["retryable"]) == ("worker_lost", True)
    assert f"pages 1 to {bench.job.last_page}" in bench.status.metadata["message"]
    assert bench.letters() == [bench.job]


def test_a_part_that_used_up_its_tries_without_a_death_is_no_lost_worker(bench: Bench) -> None:
    holder = "somebody"
    for _try in range(bench.services.settings.max_tries):
        bench.services.parts.claim(bench.job, holder, 60)
        bench.services.parts.release(bench.job, holder)
    bench.run(Pipeline())
    assert bench.status.metadata["code"] == "gave_up"


def test_a_worker_that_stops_for_a_failure_which_is_retried_meanwhile_lets_its_message_come_again(bench: Bench) -> None:
    def act(job: Job, services: Services, reporter: Reporter) -> None:
        services.statuses.fail(job, code="gave_up", message="…", retryable=True)  # another part
        services.statuses.resume(job.document_id)  # its owner
        raise SupersededError  # what the worker has seen in between

    pipeline = Pipeline(act)
    with pytest.raises(NotYetError):
        bench.run(pipeline)
    assert pipeline.discarded == []
    pipeline.act = lambda job, services, reporter: None
    bench.run(pipeline)
    assert pipeline.processed == [0, 0]


def test_a_job_that_cannot_come_to_rest_comes_again(bench: Bench) -> None:
    settings = replace(bench.services.settings, text_rag_dead_letter_queue_url="http://127.0.0.1:1/queue", max_tries=1)
    bench.services = replace(bench.services, settings=settings, queues=Queues(bench.sqs, settings))
    with pytest.raises(bench.sqs.exceptions.QueueDoesNotExist):
        bench.run(failing(ZeroDivisionError()))
    assert bench.status.status not in {Status.FAILED}


def test_a_replaced_object_drops_the_job(bench: Bench) -> None:
    pipeline = failing(ObjectChangedError())
    bench.run(pipeline)
    assert pipeline.discarded == [0]
    assert bench.status.status not in {Status.FAILED}


@pytest.mark.parametrize("ending", ["completed", "cancelled", "superseded", "deleted", "other document"])
def test_a_job_that_nobody_wants_is_dropped(bench: Bench, ending: str) -> None:
    statuses, job = bench.services.statuses, bench.job
    if ending == "completed":
        statuses.finish(job, Status.COMPLETED)
    elif ending == "cancelled":
        statuses.cancel(job.document_id)
    elif ending == "superseded":
        statuses.begin(upload(job.key, version="b" * 16), total_pages=3, parts=1)
    elif ending == "deleted":
        statuses.delete(job.document_id)
    else:
        job = job_of(bench.begun, document_id=str(uuid.uuid4()))
    pipeline = Pipeline()
    bench.run(pipeline, job=job)
    assert (pipeline.processed, pipeline.discarded) == ([], [0])


def test_a_cancel_while_it_runs_stops_the_part_at_its_next_report(bench: Bench) -> None:
    def act(job: Job, services: Services, reporter: Reporter) -> None:
        reporter.report(Status.EXTRACTING_TEXT, fraction=0.0)
        services.statuses.cancel(job.document_id)
        reporter.report(Status.STORING, fraction=1.0)
        raise AssertionError("the part went on")

    pipeline = Pipeline(act)
    bench.run(pipeline)
    assert pipeline.discarded == [0]
    assert bench.status.status == Status.CANCELLED


def test_a_message_that_is_no_job_rises(bench: Bench) -> None:
    with pytest.raises(JobSchemaError):
        worker.run(Message("{}", 1), bench.services, Pipeline().process, Pipeline().discard)


def test_a_part_that_a_living_worker_has_is_not_done_twice(bench: Bench) -> None:
    assert bench.services.parts.claim(bench.job, "somebody else", 60)
    pipeline = Pipeline()
    bench.run(pipeline)
    assert (pipeline.processed, pipeline.discarded) == ([], [])


def test_the_same_message_waits_for_the_end_of_its_dead_workers_lease(bench: Bench) -> None:
    assert bench.services.parts.claim(bench.job, "message/worker", 30)
    pipeline = Pipeline()
    with pytest.raises(NotYetError) as later:
        worker.run(Message(bench.job.to_json(), 9, id="message"), bench.services, pipeline.process, pipeline.discard)
    assert 29 <= later.value.seconds <= 32
    assert (pipeline.processed, pipeline.discarded) == ([], [])
    assert bench.status.status not in {Status.FAILED}


def test_a_part_that_is_done_is_not_done_again(bench: Bench) -> None:
    pipeline = Pipeline()
    bench.run(pipeline)
    bench.run(pipeline)
    assert pipeline.processed == [0]


def test_a_worker_whose_time_is_up_hands_the_rest_over(bench: Bench) -> None:
    def act(job: Job, services: Services, reporter: Reporter) -> None:
        reporter.report(Status.EXTRACTING_TEXT, fraction=0.5)

    sqs = bench.sqs
    message = Message(bench.job.to_json(), 1)
    worker.run(message, bench.services, Pipeline(act).process, Pipeline().discard, deadline=time.monotonic() - 1)
    url = bench.services.settings.text_rag_processing_queue_url
    (sent,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert Job.from_json(sent["Body"]) == bench.job
    pipeline = Pipeline()
    bench.run(pipeline)
    assert pipeline.processed == [0]


def test_a_part_for_which_no_time_suffices_is_the_documents_fault(bench: Bench) -> None:
    pipeline = failing(OutOfTimeError())
    for _call in range(worker.MOST_CALLS):
        bench.run(pipeline)
    assert (bench.status.metadata["code"], bench.status.metadata["retryable"]) == ("too_slow", False)


def test_a_call_knows_from_its_context_when_to_end(bench: Bench) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 1000

    def act(job: Job, services: Services, reporter: Reporter) -> None:
        reporter.report(Status.EXTRACTING_TEXT, fraction=0.5)
        time.sleep(0.6)  # more than half the time that there is
        reporter.report(Status.EXTRACTING_TEXT, fraction=0.6)
        raise AssertionError("there was no time for this")

    record = {
        "messageId": "1",
        "body": bench.job.to_json(),
        "receiptHandle": "handle",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:test-text-rag-queue",
    }
    pipeline = Pipeline(act)
    answer = worker.run_each({"Records": [record]}, Context(), bench.services, pipeline.process, pipeline.discard)
    assert answer == {"batchItemFailures": []}


def test_a_cancelled_part_ends_although_it_has_nothing_to_report(bench: Bench) -> None:
    bench.services = replace(bench.services, settings=replace(bench.services.settings, lease_seconds=0.3))

    def act(job: Job, services: Services, reporter: Reporter) -> None:
        reporter.report(Status.EXTRACTING_TEXT, fraction=0.5)
        services.statuses.cancel(job.document_id)
        for _step in range(100):
            time.sleep(0.1)
            reporter.report(Status.EXTRACTING_TEXT, fraction=0.5)  # too soon after the last one to be written
        raise AssertionError("it went on for ten seconds")

    pipeline = Pipeline(act)
    bench.run(pipeline)
    assert pipeline.discarded == [0]


def test_what_is_done_is_kept_for_a_retry_when_the_failure_may_pass(bench: Bench) -> None:
    bench.services.statuses.fail(bench.job, code="gave_up", message="…", retryable=True)
    pipeline = Pipeline()
    bench.run(pipeline)
    assert (pipeline.processed, pipeline.discarded) == ([], [])


def test_a_worker_that_lost_its_part_lets_the_message_come_again(bench: Bench) -> None:
    bench.services = replace(bench.services, settings=replace(bench.services.settings, lease_seconds=0.3))

    def act(job: Job, services: Services, reporter: Reporter) -> None:
        services.parts.done(job)  # as if another worker had taken it and done it
        for _step in range(100):
            time.sleep(0.1)
            reporter.report(Status.EXTRACTING_TEXT, fraction=0.5)
        raise AssertionError("it went on for ten seconds")

    pipeline = Pipeline(act)
    with pytest.raises(LeaseLostError):
        bench.run(pipeline, receive_count=9)
    assert pipeline.discarded == []
    assert bench.status.status not in {Status.FAILED}
