"""Execution environments of functions on this machine: few at a time, as they share its processors."""

import os
import time
from collections.abc import Callable
from typing import Any

#: Of one function, that are started at once; before one more is, an invocation waits a while for one of these
ENVIRONMENTS = 2 + (os.cpu_count() or 1)
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
