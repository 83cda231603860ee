"""When an object could not be taken in several times, its owner is told, unless that would be wrong or cannot be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import entry
from core.errors import TransientError
from core.queues import Queues
from core.status import DocumentStatus, Status
from tests.core.test_entry import Bench
from tests.emulators import TestEmulator

TEXT = b"Parental leave is twenty weeks at full pay."


@pytest.fixture
def bench(emulator: TestEmulator) -> Iterator[Bench]:
    made = Bench(emulator)
    yield made
    made.jobs()


def give_up(bench: Bench, request: entry.Request, error: Exception | None = None) -> DocumentStatus | None:
    return entry.give_up(request, error or ZeroDivisionError(), bench.services)


@pytest.mark.parametrize(("error", "code"), [(TransientError("no answer"), "unavailable"), (KeyError("x"), "gave_up")])
def test_the_owner_is_told_and_may_try_again(bench: Bench, error: Exception, code: str) -> None:
    request = bench.put(TEXT)
    status = give_up(bench, request, error)
    assert status is not None
    assert (status.status, status.owner, status.generation) == (Status.FAILED, f"user:{bench.owner}", 1)
    told = {name: status.metadata[name] for name in ("code", "stage", "retryable")}
    assert told == {"code": code, "stage": "validating", "retryable": True}
    assert give_up(bench, request, error) == status  # once is enough
    assert bench.accept(request).status is Status.QUEUED


def test_a_version_that_was_begun_but_never_queued_has_failed(bench: Bench) -> None:
    request = bench.put(TEXT)
    bench.accept(request)
    forced = replace(request, force=True)
    gone = f"{bench.settings.text_rag_processing_queue_url}-gone"
    nowhere = Queues(bench.sqs, replace(bench.settings, text_rag_processing_queue_url=gone))
    with pytest.raises(bench.sqs.exceptions.QueueDoesNotExist):
        entry.accept(forced, replace(bench.services, queues=nowhere))
    status = give_up(bench, forced, TransientError("no queue"))
    assert status is not None
    assert (status.status, status.generation) == (Status.FAILED, 3)


def test_content_that_is_in_already_is_left_alone(bench: Bench) -> None:
    request = bench.put(TEXT)
    queued = bench.accept(request)
    assert give_up(bench, request) is None
    assert bench.services.statuses.get(queued.status_id) == queued


def test_what_belongs_to_nobody_is_told_to_nobody(bench: Bench) -> None:
    with pytest.raises(entry.NotFoundError):
        give_up(bench, entry.Request(bucket=bench.put(TEXT).bucket, key="gone/away.txt"))
    with pytest.raises(entry.BucketNotAllowedError):
        give_up(bench, entry.Request(bucket="another", key="gone/away.txt"))
