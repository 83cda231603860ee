"""Quotas of owners over DynamoDB: counted once a version, with its beginning, and never beyond a limit."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.errors import QuotaError, TransientError
from core.generations import Upload
from core.settings import Settings
from core.status import Status
from core.status_store import StatusStore
from core.usage import Used, day
from tests.core.statuses import job, upload
from tests.emulators import TestEmulator

Limited = Callable[..., StatusStore]


@pytest.fixture
def client(emulator: TestEmulator) -> Any:
    return emulator.emulator.client("dynamodb")


@pytest.fixture
def limited(emulator: TestEmulator, client: Any) -> Limited:
    """Makes stores with some limits of their own."""
    return lambda **limits: StatusStore(client, Settings(**emulator.settings | limits))


@pytest.fixture
def owner() -> str:
    return f"user:{uuid4().hex}"


@pytest.fixture
def new(owner: str) -> Callable[..., Upload]:
    """Makes uploads, of 1,234 bytes if nothing else is said, of an owner whom no other test knows."""
    return lambda name="a.pdf", **fields: upload(f"{owner}/{name}", owner=owner, **fields)


def used(store: StatusStore, owner: str) -> Used:
    return store.quotas.used(owner, datetime.now(UTC))


def usage_item(client: Any, owner: str) -> Any:
    key = {"principal": {"S": owner}, "period": {"S": day(datetime.now(UTC))}}
    return client.get_item(TableName="UsageTable", Key=key).get("Item")


def test_a_version_is_counted_when_it_begins_and_never_again(limited: Limited, new: Any, owner: str) -> None:
    store = limited()
    assert used(store, owner) == Used()
    begun = store.begin(new(), total_pages=7).status
    assert used(store, owner) == Used(bytes=1234, pages=7)
    store.begin(new(), total_pages=7)  # delivered again
    store.queued(begun)
    store.report(job(begun), Status.EMBEDDING, fraction=0.5)
    store.finish(job(begun), Status.COMPLETED)
    store.begin(new(), total_pages=7)  # and again, when it is done
    assert used(store, owner) == Used(bytes=1234, pages=7)
    store.begin(new(version="b" * 16, size=6), total_pages=1)
    assert used(store, owner) == Used(bytes=1240, pages=8)
    assert store.quotas.used(owner, datetime.now(UTC) + timedelta(days=1)) == Used()


def test_announcing_and_refusing_count_nothing(limited: Limited, new: Any, owner: str) -> None:
    store, file = limited(), new()
    names = {name: getattr(file, name) for name in ("bucket", "key", "owner", "file_name", "media_type", "size")}
    store.expect(**names)
    store.reject(file, code="encrypted", message="The file is encrypted.")
    assert used(store, owner) == Used()


def test_a_count_goes_after_a_week(limited: Limited, new: Any, owner: str, client: Any) -> None:
    limited().begin(new())
    assert 7 * 86_400 <= int(usage_item(client, owner)["ttl"]["N"]) - time.time() <= 8 * 86_400


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_bytes_a_day": 2000}, "your 2,000 bytes a day: 1,234 bytes are used"),
        ({"max_pages_a_day": 10}, "your 10 pages a day: 7 are used"),
    ],
)
def test_a_version_beyond_a_limit_fails_and_says_so(
    limited: Limited, new: Any, owner: str, limits: dict[str, int], said: str
) -> None:
    store = limited(**limits)
    store.begin(new(), total_pages=7)
    with pytest.raises(QuotaError, match=said) as raised:
        store.begin(new("b.pdf"), total_pages=7)
    failed = store.get(new("b.pdf").status_id)
    assert failed is not None and failed.status is Status.FAILED
    assert {name: failed.metadata[name] for name in ("error", "code", "stage", "retryable")} == {
        "error": raised.value.message,
        "code": "quota_exceeded",
        "stage": "validating",
        "retryable": True,
    }
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert f"{tomorrow:%Y-%m-%d} 00:00 UTC" in raised.value.message
    assert 0 < raised.value.retry_after <= 86_400
    assert used(store, owner) == Used(bytes=1234, pages=7)
    with pytest.raises(QuotaError):
        store.begin(new("b.pdf"), total_pages=7)  # delivered again: refused again, and told once
    assert [event["status"] for event in store.events(failed.document_id)] == ["failed"]
    assert store.begin(new("c.pdf", size=1), total_pages=1).started  # what is left is given


def test_a_refused_version_begins_when_there_is_room(limited: Limited, new: Any, owner: str) -> None:
    with pytest.raises(QuotaError):
        limited(max_pages_a_day=5).begin(new(), total_pages=6)
    begun = limited(max_pages_a_day=6).begin(new(), total_pages=6)
    assert begun.started
    assert (begun.status.generation, used(limited(), owner).pages) == (2, 6)


def test_nothing_is_counted_where_nothing_is_limited(limited: Limited, new: Any, owner: str, client: Any) -> None:
    limited(max_bytes_a_day=0, max_pages_a_day=0, usage_table="").begin(new())
    assert usage_item(client, owner) is None


def test_a_refusal_leaves_alone_what_runs_or_can_be_searched(limited: Limited, new: Any) -> None:
    running = limited().begin(new(), total_pages=5).status
    full = limited(max_pages_a_day=5)
    with pytest.raises(QuotaError):
        full.begin(new(force=True), total_pages=5)
    assert full.get(running.status_id) == running
    done = full.finish(job(running), Status.COMPLETED)
    with pytest.raises(QuotaError):
        full.begin(new(force=True), total_pages=5)
    assert full.get(running.status_id) == done
    with pytest.raises(QuotaError):
        full.begin(new(version="b" * 16), total_pages=5)  # another content is told of
    failed = full.get(running.status_id)
    assert failed is not None and (failed.status, failed.current_generation) == (Status.FAILED, 1)


def test_what_the_service_repeats_was_counted_before(limited: Limited, new: Any, owner: str) -> None:
    full = limited(max_pages_a_day=5)
    begun = full.begin(new(), total_pages=5).status
    full.fail(job(begun), code="gave_up", message="Processing failed several times.", retryable=True)
    again = full.begin(new(repeats=1), total_pages=5)
    assert (again.started, again.status.generation) == (True, 2)
    assert used(full, owner).pages == 5
    with pytest.raises(QuotaError):
        full.begin(new("b.pdf"), total_pages=1)
    full.reject(new("c.pdf"), code="gave_up", message="Something outside failed.", retryable=True)
    for refused in ("b.pdf", "c.pdf"):
        with pytest.raises(QuotaError):
            full.begin(new(refused, repeats=1), total_pages=1)  # never counted, as it never began


@pytest.mark.parametrize("ended", [Status.CANCELLED, Status.COMPLETED_WITH_GAPS])
def test_what_its_owner_begins_again_counts_again(limited: Limited, new: Any, owner: str, ended: Status) -> None:
    store = limited(max_pages_a_day=10)
    begun = store.begin(new(), total_pages=5).status
    if ended is Status.CANCELLED:
        store.cancel(begun.document_id)
    else:
        store.finish(job(begun), ended)
    assert store.begin(new(repeats=1), total_pages=5).started
    assert used(store, owner).pages == 10


def test_only_so_many_documents_run_at_a_time(limited: Limited, new: Any, owner: str) -> None:
    store = limited(max_running_documents=2)
    first = store.begin(new("1.pdf")).status
    store.begin(new("2.pdf"))
    with pytest.raises(QuotaError, match="2 of your documents are being processed, and 2 may be"):
        store.begin(new("3.pdf"))
    with pytest.raises(QuotaError):
        store.quotas.check(owner, 1, datetime.now(UTC))
    assert used(store, owner).bytes == 2 * 1234
    assert store.begin(new("1.pdf", version="b" * 16)).started  # replaces the one that runs
    assert store.begin(new("2.pdf")).started is False
    store.cancel(first.document_id)
    assert store.begin(new("3.pdf")).started
    other = upload(f"{uuid4()}/1.pdf", owner=f"user:{uuid4()}")
    assert store.begin(other).started


def test_a_check_counts_nothing_and_knows_what_is_left(limited: Limited, new: Any, owner: str) -> None:
    store, now = limited(max_bytes_a_day=2000), datetime.now(UTC)
    store.begin(new())
    store.quotas.check(owner, 766, now)
    store.quotas.check(owner, 766, now)
    with pytest.raises(QuotaError, match="2,000 bytes a day"):
        store.quotas.check(owner, 767, now)
    store.quotas.check(owner, 767, now + timedelta(days=1))
    assert used(store, owner).bytes == 1234


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 12)), min_size=1, max_size=8),
    deliveries=st.lists(st.integers(0, 7), max_size=12),
)
def test_many_at_once_never_take_more_than_the_limit(
    limited: Limited, sizes: list[tuple[int, int]], deliveries: list[int]
) -> None:
    """Files of some bytes and pages, some of them delivered several times, all at once."""
    store, owner = limited(max_bytes_a_day=100, max_pages_a_day=20), f"user:{uuid4().hex}"

    def begin(number: int) -> bool:
        size, pages = sizes[number]
        try:
            return store.begin(upload(f"{owner}/{number}", owner=owner, size=size), total_pages=pages).started
        except QuotaError:
            return False

    order = [*range(len(sizes)), *(number % len(sizes) for number in deliveries)]
    with ThreadPoolExecutor(6) as entries:
        started = [number for number, began in zip(order, entries.map(begin, order), strict=True) if began]
    assert len(started) == len(set(started))
    taken = used(store, owner)
    assert taken == Used(bytes=sum(sizes[each][0] for each in started), pages=sum(sizes[each][1] for each in started))
    assert taken.bytes <= 100 and taken.pages <= 20
    for number in set(order) - set(started):  # what was refused would not have fitted
        size, pages = sizes[number]
        assert taken.bytes + size > 100 or taken.pages + pages > 20
        refused = store.get(f"uploads#{owner}/{number}")
        assert refused is not None and refused.metadata["code"] == "quota_exceeded"


def test_deliveries_of_the_last_file_that_fits_refuse_each_other_never(limited: Limited, new: Any, owner: str) -> None:
    store = limited(max_bytes_a_day=1234)
    with ThreadPoolExecutor(8) as entries:
        begun = list(entries.map(lambda _: store.begin(new()), range(8)))
    assert sum(each.started for each in begun) == 1
    assert {each.status.status for each in begun} == {Status.VALIDATING}
    assert used(store, owner).bytes == 1234


class Cancelled:
    """The emulator's client, on which the next transaction is cancelled for some reasons, after something happened."""

    def __init__(self, client: Any, reasons: list[dict[str, Any]], first: Callable[[], object] = lambda: None) -> None:
        self._client = client
        self._reasons = reasons
        self._first = first
        self._waits = True
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **writes: Any) -> Any:
        if not self._waits:
            return self._client.transact_write_items(**writes)
        self._waits = False
        self._first()
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": self._reasons}
        raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def reasons(*codes: str) -> list[dict[str, Any]]:
    return [{"Code": code} for code in codes]


@pytest.mark.parametrize(
    "codes",
    [
        ("ConditionalCheckFailed", "None", "None"),
        ("None", "TransactionConflict", "None"),
        ("None", "None", "TransactionConflict"),
        ("None", "None", "ThrottlingError"),
        ("TransactionConflict", "None", "ProvisionedThroughputExceeded"),
    ],
)
def test_a_conflict_is_tried_again_wherever_it_is(
    emulator: TestEmulator, client: Any, new: Any, owner: str, codes: tuple[str, ...]
) -> None:
    store = StatusStore(Cancelled(client, reasons(*codes)), Settings(**emulator.settings))  # type: ignore[arg-type]
    assert store.begin(new()).started
    assert used(store, owner).bytes == 1234


def test_a_state_that_changed_first_is_looked_at_before_anything_is_refused(
    emulator: TestEmulator, client: Any, limited: Limited, new: Any, owner: str
) -> None:
    """DynamoDB may name the failed limit only, though the version has begun meanwhile and is what used it up."""
    winner = limited(max_bytes_a_day=1234)
    full = {"Code": "ConditionalCheckFailed", "Item": {"bytes": {"N": "1234"}}}
    loser = Cancelled(client, [*reasons("None", "None"), full], lambda: winner.begin(new()))
    store = StatusStore(loser, Settings(**emulator.settings, max_bytes_a_day=1234))  # type: ignore[arg-type]
    begun = store.begin(new())
    assert (begun.started, begun.status.status) == (False, Status.VALIDATING)
    assert used(store, owner).bytes == 1234


def test_without_an_answer_nothing_begins_and_nothing_is_refused(
    emulator: TestEmulator, client: Any, new: Any, owner: str
) -> None:
    class Unanswering(Cancelled):
        def transact_write_items(self, **writes: Any) -> Any:
            raise TransientError("DynamoDB does not answer")

    store = StatusStore(Unanswering(client, []), Settings(**emulator.settings))  # type: ignore[arg-type]
    with pytest.raises(TransientError):
        store.begin(new())
    assert store.get(new().status_id) is None
    assert used(store, owner) == Used()
