"""What parsers leave behind: processes that outlive the child that started them, and its group.

A process that leaves its child's session is out of reach of a signal to the group. Linux gives it to this process when
its own parent ends: to whom it belongs, a limit tells that is lowered for each child and that nobody can raise again.
"""

import contextlib
import itertools
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from core import child_limits, logs

PR_SET_CHILD_SUBREAPER = 36
#: Bounds what only a process with realtime priority spends, which no child can have: its value is free to be a mark.
MARKED_LIMIT = "RLIMIT_RTTIME"
FIRST_MARK = 10**15  #: microseconds; the marks rise, as lowering one must not give that of a later child
PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.002

_marks = itertools.count(FIRST_MARK)
_running: set[int] = set()  #: marks of the children that run; changed by who has the lock
_lock = threading.Lock()


@contextmanager
def ended_with_child() -> Iterator[dict[str, int]]:
    """While one child runs: yields the limits that it must get. Whatever is left of it is killed at the end."""
    if sys.platform != "linux":  # nobody else gives us orphans
        yield {}
        return
    mark = next(_marks)
    with _lock:
        _running.add(mark)
        adopting = _limit(0) == resource.RLIM_INFINITY and child_limits.prctl(PR_SET_CHILD_SUBREAPER, 1)
    if not adopting:
        _warn_of_orphans()
    try:
        yield {MARKED_LIMIT: mark} if adopting else {}
    finally:
        with _lock:
            _running.discard(mark)
            all_ended = not adopting or _end_orphans()  # without marks all look like orphans
            if not _running:  # orphans of others are not ours to wait for
                child_limits.prctl(PR_SET_CHILD_SUBREAPER, 0)
        if not all_ended:
            logs.error("Parser left processes that could not be ended")


@cache  # once a process
def _warn_of_orphans() -> None:
    logs.warning("Processes that leave a parser's group are not ended with it: the kernel refuses")


def _end_orphans() -> bool:
    """Kill the processes whose child has ended, and then those that they leave; whether none is left in time.

    The lock keeps it right: no child is started meanwhile, and nobody else waits for an orphan and frees its number.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        none_left = True
        for process in _orphans():
            none_left = False
            with contextlib.suppress(PermissionError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, os.WNOHANG)
        if none_left:
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def _orphans() -> Iterator[int]:
    """One by one, so that each can be killed before it starts another."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # the usual case: this process has no children at all
        return
    own = _running | {resource.RLIM_INFINITY}  # without a mark are children that no parser started
    yield from (process for process in _children() if _limit(process) not in own)


def _children() -> Iterator[int]:
    us = os.getpid()
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return (number for number in numbers if _parent(number) == us)


def _parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:  # it has just ended
        return 0


def _limit(process: int) -> int:
    """The mark of a process, or infinity; 0 stands for this process."""
    try:
        return resource.prlimit(process, resource.RLIMIT_RTTIME)[1]
    except OSError:  # it has just ended, or is none of ours
        return resource.RLIM_INFINITY
