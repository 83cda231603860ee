"""Whether the servers hold more after a load than before it, or ever more memory during it."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.stack import DATABASE_PROCESSES, OPEN_FILES, SOCKET_RECORDS

#: By how much idle servers may hold more than before. A fresh emulator opened some 30 files for good on its first load,
#: and PostgreSQL keeps workers of its own; what leaks does so by the socket, question or document, so in hundreds
ALLOWED_MORE = {OPEN_FILES: 50, SOCKET_RECORDS: 0, DATABASE_PROCESSES: 10}
#: The first third does not count: functions start in it. Between the others, 7 % less was measured where nothing grew
MOST_GROWTH = 1.25
#: Samples of memory in a third; fewer say nothing
LEAST_SAMPLES = 10


def kept(before: Mapping[str, int], idle: Mapping[str, int]) -> list[str]:
    """What the idle servers hold that they did not hold before the load, beyond what is allowed, in words."""
    return [
        f"{name}: {idle[name]} when idle, {before[name]} before"
        for name, allowed in ALLOWED_MORE.items()
        if idle[name] > before[name] + allowed
    ]


def grown(memory_mb: Sequence[float]) -> list[str]:
    """That memory grew in the last third of the time, in words; nothing is said of a short time."""
    _first, middle, last = (third for third in np.array_split(np.array(memory_mb), 3))  # each (samples / 3,) MB
    if last.size < LEAST_SAMPLES or np.median(last) <= MOST_GROWTH * np.median(middle):
        return []
    return [f"memory grew from {np.median(middle):.0f} MB in the middle third of the time to {np.median(last):.0f}"]
