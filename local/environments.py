"""Execution environments of functions on this machine: few at a time, as they share its processors."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: Of one function, that are started at once; before one more is, an invocation waits a while for one of these
ENVIRONMENTS = 2 + (os.cpu_count() or 1)
STEP_BACK = 5  #: of a process's priority: a third of the processor time of each that it competes with
PATIENCE_SECONDS, LOOK_SECONDS = 2.0, 0.02

Acquire = Callable[..., tuple[Any, str]]


def acquire_patiently(acquire: Acquire, patience_seconds: float = PATIENCE_SECONDS) -> Acquire:
    """ministack's way to lease an environment, which starts one whenever all are at work, made patient.

    Starting one takes a second of a processor. Were one started for each question that comes while others are being
    answered, a machine that falls behind would fall behind the more. Patience ends, as a function may call itself.
    """

    def leased(*args: Any, **options: Any) -> tuple[Any, str]:
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            environment, how = acquire(*args, **options, max_concurrency=ENVIRONMENTS)
            if environment is not None:
                return environment, how
            time.sleep(LOOK_SECONDS)
        return acquire(*args, **options)

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
