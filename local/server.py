"""A server process that outlives the command which started it, and is found, watched and stopped by its lock file.

The server inherits an open, locked file. The lock lasts exactly as long as the server, however it ends, so there are no
stale process ids to be mistaken for a living one.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from local.account import Account
from local.errors import StartError

MAX_LOG_BYTES = 20_000_000  #: a longer log is set aside when its server starts


@dataclass(frozen=True)
class Server:
    """One server process."""

    name: str  #: as users know it
    lock_file: Path  #: locked while the server runs; holds its process id
    log_file: Path
    stop_signal: signal.Signals  #: asks it to finish cleanly
    grace_seconds: float  #: how long that may take before it is killed

    def pid(self) -> int | None:
        """The server's process id, or None when it is not running."""
        try:
            with self.lock_file.open("r") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return _read_pid(file)
        except FileNotFoundError:
            pass
        return None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], *, directory: Path, account: Account | None = None
    ) -> None:
        """Run command in a session of its own, as another account if given; it must not be running already."""
        self._set_old_log_aside()
        with self.lock_file.open("a+") as lock, self.log_file.open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            process = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", 'echo $$ >&0; exec "$@"', "sh", *command],
                env=environment,
                cwd=directory,
                stdin=lock,  # never read: how the server holds the lock
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **(account.for_popen() if account else {}),
            )
            process.returncode = 0  # it is meant to outlive us: no warning about an unwaited child

    def settle(self, ready: Callable[[], bool], timeout_seconds: float = 60) -> bool:
        """Whether it runs; waits while it is still starting or already ending. Raises StartError when it hangs."""
        if not _wait(lambda: self.pid() is None or ready(), timeout_seconds):
            raise StartError(self.name, f"it runs but did not answer within {timeout_seconds:.0f} s", self.log_tail())
        return self.pid() is not None

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Return once it is ready; raises StartError when it ends first or takes too long."""
        if not self.settle(ready, timeout_seconds):
            raise StartError(self.name, "it ended", self.log_tail())

    def stop(self) -> None:
        """Ask the server to finish, kill it after its grace time, and leave nothing of its process group behind."""
        pid = self.pid()
        if pid is None:
            return
        _signal(os.kill, pid, self.stop_signal)
        if not _wait(lambda: self.pid() is None, self.grace_seconds):
            _signal(os.killpg, pid, signal.SIGKILL)
            _wait(lambda: self.pid() is None, 5)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # where this very process had started it
        if _signal(os.killpg, pid, signal.SIGTERM):
            _wait(lambda: not _signal(os.killpg, pid, 0), 1)
            _signal(os.killpg, pid, signal.SIGKILL)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, indented, with where to read on."""
        try:
            tail = self.log_file.read_text(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            return ""
        return "\n".join([f"  last lines of {self.log_file}:", *(f"  | {line}" for line in tail)])

    def _set_old_log_aside(self) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > MAX_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".old.log"))


def _read_pid(file: TextIO) -> int:
    while not (text := file.read()).endswith("\n"):  # it is written first thing
        file.seek(0)
    return int(text)


def _signal(send: Callable[[int, int], None], target: int, number: int) -> bool:
    """Send a signal; False when there is nobody to receive it."""
    try:
        send(target, number)
    except ProcessLookupError:
        return False
    return True


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    """Wait for done(), at most so long; whether it came."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
