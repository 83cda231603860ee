"""What a child is kept from, tried in earnest: each of these fails when just that limit is taken away."""

import io
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import child, child_limits, logs
from core.child import OPEN_FILES, ChildError, Completed

ENOUGH = {"timeout_seconds": 20.0, "memory_bytes": 1_000_000_000, "output_bytes": 1_000_000}
CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5); print('connected')"
#: Asks the kernel itself, and not what is tested here
LEAVE_NETWORK = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) != 0)"
WARNING = "Parsers are not cut off from the network"


def run(code: str, **limits: object) -> Completed:
    return child.run([sys.executable, "-c", code], **{**ENOUGH, **limits})  # type: ignore[arg-type]


def network_can_be_left() -> bool:
    if sys.platform != "linux":
        return False
    tried = subprocess.run([sys.executable, "-c", LEAVE_NETWORK], check=False)  # noqa: S603  our own code
    return tried.returncode == 0


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of a socket on this machine that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged from here on, by a process that has not warned yet."""
    buffer = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", buffer)
    child._warn_of_network.cache_clear()
    return buffer


def messages(written: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in written.getvalue().splitlines()]


def test_it_reaches_no_network(listening: int, warned: io.StringIO) -> None:
    if not network_can_be_left():
        run("pass")
        assert len(messages(warned)) == (sys.platform == "linux")
        pytest.skip("this kernel lets nobody leave the network, which is logged")
    socket.create_connection(("127.0.0.1", listening), timeout=5).close()  # who is not kept from it gets there
    with pytest.raises(ChildError) as raised:
        run(CONNECT.format(port=listening))
    assert "OSError" in raised.value.stderr
    assert messages(warned) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process leave the network")
def test_a_kernel_that_refuses_is_told_of_once_and_fails_nothing(
    listening: int, warned: io.StringIO, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = Path(child_limits.__file__).read_text()
    refused = tmp_path / "child_limits.py"
    refused.write_text(script.replace("CLONE_NEWNET = 0x40000000", "CLONE_NEWNET = 1"))  # the kernel knows no such flag
    assert refused.read_text() != script
    monkeypatch.setattr(child_limits, "__file__", str(refused))
    for _ in range(2):
        done = run(CONNECT.format(port=listening))
        assert (done.stdout, done.stderr) == (b"connected\n", "")
    assert [message[: len(WARNING)] for message in messages(warned)] == [WARNING]


def test_it_opens_no_more_files_than_it_may() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > OPEN_FILES, "this process may not open more itself"
    code = (
        "opened = []\n"
        "try:\n"
        f"    for _ in range({OPEN_FILES}): opened.append(open('/dev/null'))\n"
        "except OSError: pass\n"
        "print(len(opened))\n"
    )
    assert OPEN_FILES - 10 < int(run(code).stdout) < OPEN_FILES  # some were open before


def test_it_writes_no_larger_file_than_it_may(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with pytest.raises(ChildError) as raised:
        run(
            f"open({str(large)!r}, 'wb', buffering=0).write(b'x' * 100_000); raise SystemExit('all')",
            output_bytes=50_000,
        )
    assert large.stat().st_size == 50_000, raised.value.stderr


def test_processor_time_is_bounded_also_of_what_it_starts() -> None:
    order = {"limits": {"RLIMIT_CPU": 1}, "parent": os.getpid(), "ranges": None}
    busy = "import time; until = time.monotonic() + 60\nwhile time.monotonic() < until: pass"
    code = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {busy!r}]).returncode)"
    command = [sys.executable, child_limits.__file__, json.dumps(order), sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own code
    assert done.stdout == b"-24\n"  # SIGXCPU, which the parent tells from a lack of memory


@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE"])
def test_it_cannot_raise_its_limits(name: str) -> None:
    code = f"import resource; print(*resource.getrlimit(resource.{name}))"
    soft, hard = map(int, run(code).stdout.split())
    assert 0 < soft <= hard <= soft + 1  # a second of grace for processor time, which SIGXCPU ends
