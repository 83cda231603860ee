"""A server is found, watched and stopped by its lock file, whatever became of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.errors import StartError
from local.server import Server

OBEDIENT = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEDIENT}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); {OBEDIENT}"


def server(folder: Path) -> Server:
    return Server("Example", folder / "example.lock", folder / "example.log", signal.SIGTERM, grace_seconds=0.5)


def start(example: Server, script: str, ready_lines: int = 1) -> int:
    example.start([sys.executable, "-c", script], dict(os.environ), directory=example.lock_file.parent)
    example.wait_until(lambda: example.log_file.read_text().count("ready") >= ready_lines, timeout_seconds=20)
    pid = example.pid()
    assert pid is not None
    return pid


def alive(group: int) -> bool:
    """Whether any process of the group still runs; one that ended and nobody fetched does not."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return any(line.split()[0] == str(group) and "Z" not in line for line in listing.splitlines())


def test_runs_until_it_is_stopped(tmp_path: Path) -> None:
    example = server(tmp_path)
    assert example.pid() is None
    pid = start(example, OBEDIENT)
    assert os.getpgid(pid) == pid
    example.stop()
    assert example.pid() is None
    assert not alive(pid)


def test_stopping_a_stopped_one_is_harmless(tmp_path: Path) -> None:
    server(tmp_path).stop()


def test_is_killed_after_its_grace_time(tmp_path: Path) -> None:
    example = server(tmp_path)
    pid = start(example, STUBBORN)
    example.stop()
    assert example.pid() is None
    assert not alive(pid)


def test_leaves_no_child_behind(tmp_path: Path) -> None:
    example = server(tmp_path)
    pid = start(example, PARENT, ready_lines=2)
    example.stop()
    assert not alive(pid)


def test_a_killed_one_is_not_taken_for_running(tmp_path: Path) -> None:
    example = server(tmp_path)
    pid = start(example, OBEDIENT)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert example.pid() is None
    assert start(example, OBEDIENT, ready_lines=2) != pid
    example.stop()


def test_a_stale_process_id_is_not_signalled(tmp_path: Path) -> None:
    example = server(tmp_path)
    example.lock_file.write_text(f"{os.getpid()}\n")
    assert example.pid() is None
    example.stop()


def test_says_why_it_did_not_start(tmp_path: Path) -> None:
    example = server(tmp_path)
    example.start([sys.executable, "-c", "raise SystemExit('no configuration')"], {}, directory=tmp_path)
    with pytest.raises(StartError, match=r"Example did not start: it ended\n(.|\n)*no configuration"):
        example.wait_until(lambda: False, timeout_seconds=20)
