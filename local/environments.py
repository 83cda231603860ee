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
STEP_BACK = 10  #: of a process's priority: a tenth of the processor time of each that it competes with
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


def after_giving_way(begin: Callable[[Any], None], gives_way: Callable[[str], bool]) -> Callable[[Any], None]:
    """What ministack begins with each process it has started, done after a process that gives way has stepped back.

    Reading documents can take all processors for minutes; what somebody waits for goes first.
    """

    def begun(environment: Any) -> None:
        if gives_way(environment.func_name):
            with suppress(ProcessLookupError):  # it has ended already
                _step_back(environment._proc.pid)
        begin(environment)

    return begun


def _step_back(process: int) -> None:
    os.setpriority(os.PRIO_PROCESS, process, os.getpriority(os.PRIO_PROCESS, process) + STEP_BACK)
