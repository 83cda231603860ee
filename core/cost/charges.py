"""Charges: what a call of a function spends on a document is measured and put into the document's ledger.

Real money is spent by every call, also by one that fails, comes twice or is killed: each is an entry of its own.
Nothing is charged outside Lambda, where nobody knows what a second costs. Whether it can be charged never decides the
work.
"""

import math
import os
import platform
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from core import logs, metrics
from core.aws import Services
from core.cost import consumption, costs, ledger
from core.cost.costs import Entry, Quantity
from core.events import Message
from core.jobs import Job, JobSchemaError
from core.plans import PartRecord
from core.settings import Settings
from core.status import DocumentStatus

ARM = {"aarch64", "arm64"}
DELIVERY_REQUESTS = 2  #: to receive a queue's message, and to delete it

_loaded_at = time.clock_gettime(time.CLOCK_BOOTTIME)  #: about the end of the function's start, which AWS bills too
_start_is_charged = False


class Meter:
    """Measures a call of this function from the meter's making on."""

    def __init__(self, settings: Settings) -> None:
        global _start_is_charged  # noqa: PLW0603  a process starts once
        self.attempt = uuid.uuid4().hex
        self._settings = settings
        self._before = consumption.totals()
        self._started = time.perf_counter()
        if not _start_is_charged and settings.aws_lambda_initialization_type == "on-demand":
            self._started -= _seconds_of_start()
        _start_is_charged = True

    def used(self) -> Counter[Quantity]:
        """What the call has used so far."""
        duration = time.perf_counter() - self._started
        return (
            consumption.totals()
            - self._before
            + _compute(self._settings, duration)
            + Counter({Quantity.INVOCATIONS: 1, Quantity.SQS_REQUESTS: DELIVERY_REQUESTS})
        )


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def attempt() -> str:
    """The name of the call that is measured just now; else one that nobody has."""
    meter = _current.get()
    return meter.attempt if meter else uuid.uuid4().hex


@contextmanager
def charged(message: Message, services: Services) -> Iterator[None]:
    """Charge what the block spends to the document that the job in the message is about, however the block ends."""
    with _measured(services.settings) as meter:
        try:
            yield
        finally:
            with suppress(JobSchemaError):
                if meter:
                    _record(_entry_of(Job.from_json(message.body), meter.attempt, meter.used(), services), services)


@contextmanager
def charged_entry(status_id: str, callers: Sequence[str] | None, services: Services) -> Iterator[None]:
    """Charge what the block spends to the document of that name, if there is one afterwards.

    Nobody pays for what others ask for: with ``callers`` it must be one of theirs.
    """
    with _measured(services.settings) as meter:
        try:
            yield
        finally:
            if meter:
                _charge_entry(status_id, callers, meter, services)


def charge_lost(job: Job, record: PartRecord, services: Services) -> None:
    """Charge what a worker spent that fell silent and whose part this one has taken: its time to its last heartbeat.

    Were it only slow, it says itself what it spent, and that is what counts.
    """
    seconds = record.lost_until - services.settings.lease_seconds - record.lost_from
    if not record.lost_holder or not _is_on_lambda(services.settings) or seconds <= 0:
        return
    used = _compute(services.settings, seconds) + Counter({Quantity.INVOCATIONS: 1})
    lost = record.lost_holder.rpartition("/")[2]
    _record(_entry_of(job, lost, used, services), services, unless_known=True)


def report(job: Job, pipeline_type: str, services: Services) -> None:
    """Write the metric of what a version has cost, this call included as far as it has come."""
    meter = _current.get()
    if meter is None:
        return
    with _never_in_the_way(statusId=job.status_id):
        months = ledger.months_kept(datetime.now(UTC))[-2:]  # no version is processed for longer
        spent = costs.Sum.of(services.ledger.of_version(job.owner, job.document_id, job.generation, months)).nano_usd
        this_call = _entry_of(job, meter.attempt, meter.used(), services).nano_usd
        metrics.put({"DocumentCostUSD": costs.usd(spent + this_call)}, pipeline_type=pipeline_type)


@contextmanager
def _measured(settings: Settings) -> Iterator[Meter | None]:
    meter = Meter(settings) if _is_on_lambda(settings) else None
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


def _is_on_lambda(settings: Settings) -> bool:
    return settings.aws_lambda_function_memory_size > 0


def _compute(settings: Settings, seconds: float) -> Counter[Quantity]:
    """What so many seconds of this function are billed as, in whole milliseconds."""
    kind = Quantity.ARM_MB_MS if platform.machine() in ARM else Quantity.X86_MB_MS
    return Counter({kind: settings.aws_lambda_function_memory_size * math.ceil(seconds * 1000)})


def _charge_entry(status_id: str, callers: Sequence[str] | None, meter: Meter, services: Services) -> None:
    with _never_in_the_way(statusId=status_id):
        status = services.statuses.get(status_id)
        if status is not None and (callers is None or status.owner in callers):
            _record(_entry_of(status, meter.attempt, meter.used(), services), services)


def _entry_of(about: Job | DocumentStatus, attempt: str, used: Counter[Quantity], services: Services) -> Entry:
    unit_prices = {**costs.UNIT_PRICES, **costs.token_prices(services.settings)}
    return Entry(
        owner=about.owner,
        month=ledger.month_of(datetime.now(UTC)),
        document_id=about.document_id,
        generation=about.generation,
        part=str(about.part) if isinstance(about, Job) else "",
        attempt=attempt,
        function=services.settings.aws_lambda_function_name,
        used=used,
        nano_usd=costs.nano_usd(used, unit_prices),
    )


def _record(entry: Entry, services: Services, *, unless_known: bool = False) -> None:
    with _never_in_the_way(documentId=entry.document_id, nanoUsd=entry.nano_usd):
        services.ledger.record(entry, datetime.now(UTC), unless_known=unless_known)


@contextmanager
def _never_in_the_way(**about: object) -> Iterator[None]:
    """Log what goes wrong in the block: work that is done must not be done again because nobody could charge it."""
    try:
        yield
    except Exception:  # noqa: BLE001
        logs.error("Cost not recorded", **about)


def _seconds_of_start() -> float:
    """From the start of this process until its code was loaded; see starttime in proc(5)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return max(0.0, _loaded_at - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
