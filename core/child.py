"""The one way to start a child process, for work on files that nobody has vouched for.

A child gets no stdin, its output is captured and bounded, it is alone in its process group, has limits of memory,
processor time and file size, no network where the kernel allows that, an environment without credentials, cannot read
its parent's memory or environment, dies with its parent, and (Linux) leaves no process behind.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from core import child_limits, child_orphans, logs
from core.child_ranges import RangeRequestError, RangeServer, Serve
from core.child_streams import Clock, Output, OutputLimitError, Tail, follow
from core.disk import require_space
from core.errors import RagError
from core.settings import inherited

Reason = Literal["timeout", "memory", "crash", "exit"]

STDERR_BYTES = 8192  #: of what a child complained, the end is kept
OPEN_FILES = 256
PR_SET_DUMPABLE = 4
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


class _Complaints(Tail):
    """The end of stderr, without what the child says there of the network; that is for the log."""

    def add(self, data: bytes) -> None:
        if child_limits.NOT_CUT_OFF in data:
            _warn_of_network()
            data = data.replace(child_limits.NOT_CUT_OFF, b"")
        super().add(data)


@cache  # once a process: the kernel does not change its mind
def _warn_of_network() -> None:
    logs.warning("Parsers are not cut off from the network: the kernel refuses")


def run(
    arguments: Sequence[str],
    *,
    timeout_seconds: float,
    memory_bytes: int,
    output_bytes: int,
    directory: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    serve: Serve | None = None,
    tick: Callable[[], None] | None = None,
) -> Completed:
    """Run a program, or a Python module (``["-m", "package.module", …]``) in this interpreter, and wait for it.

    ``memory_bytes`` bounds the address space of each process, ``output_bytes`` each file it writes and its stdout.
    ``directory`` is its working directory and its place for temporary files; default: the system's.
    ``on_line`` is called with each line of stdout as it comes; the lines are then not kept.
    ``serve`` answers what a Python child asks for by ``core.child_ranges.fetch``.
    ``tick`` is called about every second meanwhile, however silent the child is.
    Raises ChildError when the child fails, runs too long, writes too much or asks for what it may not have, and
    TransientError when the disk is full. Whatever ``on_line``, ``serve`` or ``tick`` raises ends the child and rises.
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
    _close_to_children()
    with (
        child_orphans.ended_with_child() as mark,
        contextlib.closing(RangeServer(serve)) if serve else contextlib.nullcontext() as ranges,
    ):
        process = _start(arguments, limits | mark, workplace, ranges)
        output, complaints = Output(output_bytes, on_line), _Complaints(STDERR_BYTES)
        if ranges:
            ranges.theirs.close()
        _attend(process, output, complaints, ranges, Clock(started + timeout_seconds, tick))
    require_space(Path(workplace), complaints.data if process.returncode else b"")
    if process.returncode != 0:
        raise _failure(process.returncode, complaints)
    return Completed(output.kept(), complaints.text(), time.monotonic() - started)


def _start(
    arguments: Sequence[str], limits: dict[str, int], workplace: str, ranges: RangeServer | None
) -> "subprocess.Popen[bytes]":
    descriptors = [ranges.theirs.fileno()] if ranges else []
    order = {"limits": limits, "parent": os.getpid(), "ranges": descriptors[0] if ranges else None}
    return subprocess.Popen(  # noqa: S603  the program is the caller's, never the document's
        [sys.executable, "-P", child_limits.__file__, json.dumps(order), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=workplace,
        env=_environment(workplace),
        start_new_session=True,
        pass_fds=descriptors,
    )


def _close_to_children() -> None:
    """Let no process of this account read the memory and the environment of this one, where credentials are."""
    if sys.platform == "linux":
        child_limits.prctl(PR_SET_DUMPABLE, 0)


def _attend(
    process: "subprocess.Popen[bytes]", output: Output, complaints: Tail, ranges: RangeServer | None, clock: Clock
) -> None:
    """Follow a child to its end, and leave nothing of it; raises ChildError when it is ended from here."""
    assert process.stdout is not None and process.stderr is not None
    seconds = clock.left()
    try:
        with process.stdout, process.stderr:
            follow({process.stdout: output.add, process.stderr: complaints.add}, ranges, clock)
        _wait(process, clock)
    except TimeoutError as error:
        message = f"was not done after {seconds:.1f} s"
        raise ChildError("timeout", message, -signal.SIGKILL, complaints.text()) from error
    except OutputLimitError as error:
        raise ChildError("exit", "wrote more than it may", 0, complaints.text()) from error
    except RangeRequestError as error:
        raise ChildError("exit", f"asked for {error}", 0, complaints.text()) from error
    finally:
        _kill_group(process)


def _wait(process: "subprocess.Popen[bytes]", clock: Clock) -> None:
    """Wait for the end of a child that has closed its streams; raises TimeoutError at the deadline."""
    while True:
        try:
            process.wait(clock.turn())
        except subprocess.TimeoutExpired:
            continue
        return


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; a session of its own makes its id the id of its group."""
    # Nothing of the group may be left; macOS then answers PermissionError.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failure(returncode: int, complaints: Tail) -> ChildError:
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
