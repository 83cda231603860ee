"""A child process has limits, no credentials and no part in its parent's pipes, and ends with it."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import child
from core.child import ChildError, Completed

ENOUGH = {"timeout_seconds": 20.0, "memory_bytes": 1_000_000_000, "output_bytes": 1_000_000}


def run(code: str, **limits: object) -> Completed:
    return child.run([sys.executable, "-c", code], **{**ENOUGH, **limits})  # type: ignore[arg-type]


def reason_of(code: str, **limits: object) -> str:
    with pytest.raises(ChildError) as raised:
        run(code, **limits)
    return raised.value.reason


def test_what_it_prints_comes_back() -> None:
    assert run("print('hello')").stdout == b"hello\n"


def test_lines_come_as_they_are_printed() -> None:
    lines: list[str] = []
    run("print(1); print(2)", on_line=lines.append)
    assert lines == ["1", "2"]


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("import time; time.sleep(60)", {"timeout_seconds": 1.0}, "timeout"),
        ("while True: pass", {"timeout_seconds": 1.0}, "timeout"),
        ("x = bytearray(2_000_000_000)", {"memory_bytes": 500_000_000}, "memory"),
        ("import os; os.kill(os.getpid(), 11)", {}, "crash"),
        ("raise SystemExit(3)", {}, "exit"),
        ("print('x' * 3_000_000)", {}, "exit"),
    ],
)
def test_how_it_ended_is_told(code: str, limits: dict[str, object], reason: str) -> None:
    assert reason_of(code, **limits) == reason


def test_it_sees_no_credentials_and_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = run("import os, sys; print(sorted(os.environ)); print(repr(sys.stdin.read()))").stdout.decode()
    assert "AWS" not in seen
    assert seen.endswith("''\n")


def test_nothing_is_left_of_its_own_children_after_a_timeout(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(grandchild.pid))\n"
        "time.sleep(60)"
    )
    assert reason_of(code, timeout_seconds=3.0) == "timeout"
    assert_gone(int(note.read_text()))


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    inner = f"import os, time, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    outer = (
        "import sys\nfrom core import child\n"
        f"child.run([sys.executable, '-c', {inner!r}], timeout_seconds=60, memory_bytes=10**9, output_bytes=1000)"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    parent = subprocess.Popen([sys.executable, "-c", outer], cwd=root, env=environment)  # noqa: S603  our own code
    try:
        deadline = time.monotonic() + 20
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
    assert_gone(int(note.read_text()))


def assert_gone(pid: int) -> None:
    """The process ends within a few seconds; a zombie that nobody waits for counts as ended."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        try:
            if stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "import os, time; os.close(1); os.close(2); time.sleep(60)"]
)
def test_who_waits_can_end_a_silent_child(code: str) -> None:
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 3:
            raise InterruptedError

    started = time.monotonic()
    with pytest.raises(InterruptedError):
        run(code, timeout_seconds=60.0, tick=tick)
    assert 2.5 < time.monotonic() - started < 15
    assert [later - earlier >= 0.9 for earlier, later in itertools.pairwise(ticks)] == [True, True]
