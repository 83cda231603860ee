"""The one way to start a child process, for work on files that nobody has vouched for.

A child gets no stdin, its output is captured and bounded, it is alone in its process group, has limits of memory,
processor time and file size, no network where the kernel allows that, an environment without credentials, and it dies
with its parent.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from core import child_limits
from core.errors import RagError
from core.settings import inherited

Reason = Literal["timeout", "memory", "crash", "exit"]

STDERR_BYTES = 8192  #: of what a child complained, the end is kept
READ_BYTES = 65_536
OPEN_FILES = 256
#: Where programs, libraries and language data are; nothing that could hold a secret
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TESSDATA_PREFIX", "SYSTEMROOT")
#: One thread a process: parallelism is the caller's decision, and every idle thread takes address space
SINGLE_THREADED = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_OUT_OF_MEMORY = (b"bad_alloc", b"MemoryError", b"Cannot allocate memory", b"out of memory", b"Out of memory")


class ChildError(RagError):
    """A child process did not finish its work.

    ``reason`` says how it ended; ``stderr`` is the end of its complaints, for logs only: it may quote the document.
    """

    def __init__(self, reason: Reason, message: str, returncode: int, stderr: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.returncode = returncode
        self.stderr = stderr


@dataclass(frozen=True)
class Completed:
    """A child that ended with exit status 0."""

    stdout: bytes
    stderr: str  #: the end of it, for logs only
    seconds: float


def run(
    arguments: Sequence[str],
    *,
    timeout_seconds: float,
    memory_bytes: int,
    output_bytes: int,
    directory: Path | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program, or a Python module (``["-m", "package.module", …]``) in this interpreter, and wait for it.

    ``memory_bytes`` bounds the address space of each process, ``output_bytes`` each file it writes and its stdout.
    ``directory`` is its working directory and its place for temporary files; default: the system's.
    ``on_line`` is called with each line of stdout as it comes; the lines are then not kept.
    Raises ChildError when the child fails, runs too long or writes too much. Whatever ``on_line`` raises ends the
    child.
    """
    started = time.monotonic()
    limits = {
        "RLIMIT_AS": memory_bytes,
        "RLIMIT_CPU": int(timeout_seconds) + 1,
        "RLIMIT_FSIZE": output_bytes,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
    }
    workplace = str(directory or tempfile.gettempdir())
    order = json.dumps({"limits": limits, "parent": os.getpid()})
    process = subprocess.Popen(  # noqa: S603  the program is the caller's, never the document's
        [sys.executable, "-P", child_limits.__file__, order, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=workplace,
        env=_environment(workplace),
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    output = _Output(output_bytes, on_line)
    complaints = _Tail(STDERR_BYTES)
    try:
        _read(process.stdout, output.add, process.stderr, complaints.add, started + timeout_seconds)
        process.wait(max(0.0, started + timeout_seconds - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        message = f"was not done after {timeout_seconds:g} s"
        raise ChildError("timeout", message, -signal.SIGKILL, complaints.text()) from error
    except _OutputLimitError as error:
        raise ChildError("exit", f"wrote more than {output_bytes} bytes", 0, complaints.text()) from error
    finally:
        _kill_group(process)
    if process.returncode != 0:
        raise _failure(process.returncode, complaints)
    return Completed(output.kept(), complaints.text(), time.monotonic() - started)


class _OutputLimitError(Exception):
    """The child wrote more to stdout than it may."""


class _Output:
    """Collects stdout up to a limit, or hands it on line by line."""

    def __init__(self, limit: int, on_line: Callable[[str], None] | None) -> None:
        self._limit = limit
        self._on_line = on_line
        self._size = 0
        self._chunks: list[bytes] = []
        self._rest = b""

    def add(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise _OutputLimitError
        if self._on_line is None:
            self._chunks.append(data)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def kept(self) -> bytes:
        return b"".join(self._chunks)


class _Tail:
    """Keeps the last bytes of what is added."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data = b""

    def add(self, data: bytes) -> None:
        self.data = (self.data + data)[-self._limit :]

    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def _read(
    stdout: IO[bytes],
    on_stdout: Callable[[bytes], None],
    stderr: IO[bytes],
    on_stderr: Callable[[bytes], None],
    deadline: float,
) -> None:
    """Hand on both streams until the child has closed them; raises TimeoutError at the deadline (monotonic seconds)."""
    with selectors.DefaultSelector() as selector, stdout, stderr:
        selector.register(stdout, selectors.EVENT_READ, on_stdout)
        selector.register(stderr, selectors.EVENT_READ, on_stderr)
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            for key, _events in selector.select(remaining):
                data = os.read(key.fd, READ_BYTES)
                if data:
                    key.data(data)
                else:
                    selector.unregister(key.fileobj)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; a session of its own makes its id the id of its group."""
    # Nothing of the group may be left; macOS then answers PermissionError.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failure(returncode: int, complaints: _Tail) -> ChildError:
    reason, message = _describe(returncode, complaints.data)
    return ChildError(reason, message, returncode, complaints.text())


def _describe(returncode: int, complaints: bytes) -> tuple[Reason, str]:
    if returncode == child_limits.MEMORY_EXHAUSTED:
        return "memory", "ran into its memory limit"
    if returncode == -signal.SIGXCPU:
        return "timeout", "used up its processor time"
    # SIGKILL that did not come from here is the kernel's, when the machine runs out of memory.
    if returncode == -signal.SIGKILL or any(sign in complaints for sign in _OUT_OF_MEMORY):
        return "memory", "ran out of memory"
    if returncode < 0:
        return "crash", f"was ended by signal {-returncode}"
    return "exit", f"ended with exit status {returncode}"


def _environment(workplace: str) -> dict[str, str]:
    return {
        **inherited(INHERITED),
        **SINGLE_THREADED,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "HOME": workplace,
        "TMPDIR": workplace,
        "LANG": "C.UTF-8",
    }
