"""Memory of processes while something runs, as Linux tells it."""

import re
import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType

INTERVAL_SECONDS = 0.1


class PeakMemory:
    """Watches the descendants of a process that serve a function: their peak resident memory, children included.

    A worker and the parsers it starts count together, moment by moment, as Lambda counts them.
    """

    def __init__(self, ancestor: int, function: str) -> None:
        self.peaks_mb: dict[int, float] = defaultdict(float)  #: by process id of the worker
        self._ancestor = ancestor
        self._function = function
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(INTERVAL_SECONDS):
            children = _children()
            for worker in _serving(self._function, _descendants(self._ancestor, children)):
                family = [worker, *_descendants(worker, children)]
                self.peaks_mb[worker] = max(self.peaks_mb[worker], sum(map(_resident_mb, family)))


def workers(ancestor: int, function: str) -> list[int]:
    """The descendants of a process that serve a function."""
    return _serving(function, _descendants(ancestor, _children()))


def family_mb(process: int) -> float:
    """The resident memory of a process and all below it.

    A child that was just forked still is its parent's copy, command line and pages included: it is left out.
    """
    children = _children()
    return _resident_mb(process) + sum(_grown_mb(process, child, children) for child in children.get(process, []))


def _grown_mb(parent: int, process: int, children: dict[int, list[int]]) -> float:
    own = 0.0 if _read(process, "cmdline") == _read(parent, "cmdline") else _resident_mb(process)
    return own + sum(_grown_mb(process, child, children) for child in children.get(process, []))


def _serving(function: str, processes: list[int]) -> list[int]:
    """Those that run the emulator's script for the function; a copy that is about to become a parser is left out.

    Their variables would tell it, too, but who parses lets nobody of its account read these.
    """
    script = re.compile(rb"/ministack-lambda-" + re.escape(function).encode() + rb"-[a-z0-9_]+/_worker\.py\Z")

    def marked(process: int) -> bool:
        return any(script.search(argument) for argument in _read(process, "cmdline").split(b"\0"))

    return [process for process in processes if marked(process) and not marked(_parent(process))]


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        found[_parent(int(folder.name))].append(int(folder.name))
    return found


def _descendants(process: int, children: dict[int, list[int]]) -> list[int]:
    below = children.get(process, [])
    return [*below, *(each for child in below for each in _descendants(child, children))]


def _parent(process: int) -> int:
    fields = _read(process, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _resident_mb(process: int) -> float:
    lines = _read(process, "status").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(b"VmRSS:")) / 1024


def _read(process: int, name: str) -> bytes:
    """A file of a process; empty when the process has just ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
