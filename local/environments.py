"""Execution environments of functions on this machine: few at a time, as they share its processors."""

import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: Of one function, that are started at once; before one more is, an invocation waits a while for one of these
ENVIRONMENTS = 2 + (os.cpu_count() or 1)
#: Of a process's priority: four are two fifths of the processor time of each that it competes with, twelve a fifteenth
ANSWERING_STEP, READING_STEP = 4, 12
PATIENCE_SECONDS, LOOK_SECONDS = 2.0, 0.02

Acquire = Callable[..., tuple[Any, str]]


def acquire_patiently(acquire: Acquire, patience_seconds: float = PATIENCE_SECONDS) -> Acquire:
    """ministack's way to lease an environment, which starts one whenever all are at work, made patient.

    Starting one takes a second of a processor. Were one started for each question that comes while others are being
    answered, a machine that falls behind would fall behind the more. Patience ends, as a function may call itself; but
    of all who wait for a function only one may then start another, and the next one a while later.
    """
    lock = threading.Lock()
    started: dict[str, float] = {}  # function → when somebody's patience ended last

    def may_start(function: str) -> bool:
        with lock:
            if time.monotonic() < started.get(function, -math.inf) + patience_seconds:
                return False
            started[function] = time.monotonic()
            return True

    def leased(function: str, *args: Any, **options: Any) -> tuple[Any, str]:
        deadline = time.monotonic() + patience_seconds
        while True:
            environment, how = acquire(function, *args, **options, max_concurrency=ENVIRONMENTS)
            if environment is not None:
                return environment, how
            if time.monotonic() >= deadline and may_start(function):
                return acquire(function, *args, **options)
            time.sleep(LOOK_SECONDS)

    return leased


def after_giving_way(begin: Callable[[Any], None], step_back: Callable[[str], int]) -> Callable[[Any], None]:
    """What ministack begins with each process it has started, done after it has stepped back as its function should.

    Reading documents can take all processors for minutes; what somebody waits for goes before that, and what everybody
    waits for first.
    """

    def begun(environment: Any) -> None:
        process = environment._proc.pid
        with suppress(ProcessLookupError):  # it has ended already
            priority = os.getpriority(os.PRIO_PROCESS, process)
            os.setpriority(os.PRIO_PROCESS, process, priority + step_back(environment.func_name))
        begin(environment)

    return begun
