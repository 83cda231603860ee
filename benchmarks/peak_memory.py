"""The peak memory of the processes that this one starts, sampled from /proc (Linux).

``resource.getrusage`` would not do: what it says of a child begins with the size of its parent.
"""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS_BETWEEN = 0.02


class PeakMemory:
    """While it is entered, the most that any single descendant has resident is followed."""

    def __init__(self) -> None:
        self.kilobytes = 0
        self._own_command = _read(Path("/proc/self/cmdline"))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._known = set(_children("self"))  # such as a database
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN):
            waiting = [child for child in _children("self") if child not in self._known]
            while waiting:
                process = waiting.pop()
                waiting += _children(process)
                if _read(Path("/proc", process, "cmdline")) != self._own_command:  # it is still a copy of its parent
                    self.kilobytes = max(self.kilobytes, _peak(process))


def _children(process: str) -> list[str]:
    try:
        threads = list(Path("/proc", process, "task").glob("*/children"))
    except OSError:  # it has ended
        return []
    return [child for file in threads for child in _read(file).split()]


def _peak(process: str) -> int:
    lines = _read(Path("/proc", process, "status")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # it has ended
        return ""
