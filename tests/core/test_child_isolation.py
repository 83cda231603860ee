"""A child that a hostile file has taken over learns nothing from its parent, and what it starts ends with it."""

import ctypes
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import child, child_limits, child_orphans, logs
from core.child import ChildError

ENOUGH = {"timeout_seconds": 30.0, "memory_bytes": 1_000_000_000, "output_bytes": 1_000_000}
PR_GET_CHILD_SUBREAPER = 37
#: By exec as another program, and as a module in the process that set the limits; both then run the code that follows
WAYS = {"program": [sys.executable, "-c"], "module": ["-m", "timeit", "-n1", "-r1"]}
READ = """
import os
for process in ("self", os.getppid()):
    memory = open(f"/proc/{process}/maps").readline().split("-")[0] if process == "self" else "0"
    for name in ("environ", "mem", "maps", "fd/0"):
        try:
            path = f"/proc/{process}/{name}"
            if name == "fd/0":
                os.readlink(path)
            else:
                with open(path, "rb") as file:
                    name == "mem" and file.seek(int(memory, 16))
                    file.read(10)
            print("read", process, name)
        except OSError:
            pass
"""
#: Leaves the session, its parent and what tells whose it is; its id as seen from outside goes to the file NOTE
LEAVE = """
import os, pathlib, resource, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    try: resource.setrlimit(resource.RLIMIT_RTTIME, (-1, -1))
    except (ValueError, OSError): pass
    for stream in (1, 2): os.dup2(os.open("/dev/null", os.O_RDWR), stream)
    pathlib.Path("NOTE.new").write_text(os.readlink("/proc/self"))
    os.rename("NOTE.new", "NOTE")
    time.sleep(100)
while not os.path.exists("NOTE"): time.sleep(0.01)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux is what tells and hides processes so")


@pytest.fixture(params=["as the kernel has it", "no namespaces"])
def namespaces(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the kernel lets a process leave the network: as it does, and as many containers have it, not at all."""
    if request.param == "no namespaces":
        script = Path(child_limits.__file__).read_text()
        refused = tmp_path / "child_limits.py"
        refused.write_text(script.replace("CLONE_NEWNET = 0x40000000", "CLONE_NEWNET = 1"))  # no such flag
        assert refused.read_text() != script
        monkeypatch.setattr(child_limits, "__file__", str(refused))
    return str(request.param)


def leave(note: Path) -> str:
    return LEAVE.replace("NOTE", str(note))


def run(code: str, **limits: object) -> str:
    return child.run([sys.executable, "-c", code], **{**ENOUGH, **limits}).stdout.decode()  # type: ignore[arg-type]


def is_there(note: Path) -> bool:
    return Path("/proc", note.read_text()).exists()


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("way", WAYS)
def test_it_reads_nothing_of_its_parents(way: str) -> None:
    found = child.run([*WAYS[way], READ], **ENOUGH).stdout.decode()  # type: ignore[arg-type]
    read = [line.split()[1:] for line in found.splitlines() if line.startswith("read")]
    assert read == [["self", name] for name in ("environ", "mem", "maps", "fd/0")]


def test_it_reads_nothing_of_a_parent_without_privileges(namespaces: str) -> None:
    """Whoever has no more privileges than its child, as in Lambda, is kept from being read by this alone."""
    arguments = {**ENOUGH, "arguments": [sys.executable, "-c", READ]}
    parent = (
        "import ctypes, sys\n"
        "sys.path[:0] = [entry for entry in sys.argv[2].split(':') if entry]\n"
        "from core import child, child_limits\n"
        "child_limits._become_ordinary(ctypes.CDLL(None))\n"
        "child_limits.__file__ = sys.argv[1]\n"
        f"print(child.run(**{arguments!r}).stdout.decode())\n"
    )
    command = [sys.executable, "-c", parent, child_limits.__file__, ":".join(sys.path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own code
    read = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("read")]
    assert read == [["self", name] for name in ("environ", "mem", "maps", "fd/0")], namespaces


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("way", WAYS)
def test_it_has_no_privileges_and_no_program_gives_it_any(way: str) -> None:
    code = "print(open('/proc/self/status').read())"
    status = child.run([*WAYS[way], code], **ENOUGH).stdout.decode()  # type: ignore[arg-type]
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":\t" in line)
    assert (int(fields["CapEff"], 16), int(fields["CapPrm"], 16), int(fields["NoNewPrivs"])) == (0, 0, 1)


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    ("then", "reason"),
    [("", ""), ("time.sleep(60)", "timeout"), ("os.kill(os.getpid(), 11)", "crash"), ("sys.exit(3)", "exit")],
)
def test_nothing_is_left_of_what_left_its_session(then: str, reason: str, tmp_path: Path) -> None:
    note = tmp_path / "note"
    ended = ""
    try:
        run(leave(note) + then, timeout_seconds=5.0 if reason == "timeout" else 30.0)
    except ChildError as error:
        ended = error.reason
    assert ended == reason
    assert not is_there(note)


def test_what_goes_on_leaving_is_ended_all_the_same(tmp_path: Path) -> None:
    last = tmp_path / "last"
    again = (
        "import os, pathlib, time\n"
        "for _ in range(20):\n"
        "    if os.fork(): os._exit(0)\n"
        "    os.setsid()\n"
        f"pathlib.Path({str(last)!r}).write_text(os.readlink('/proc/self'))\n"
        "for stream in (1, 2): os.dup2(os.open('/dev/null', os.O_RDWR), stream)\n"
        "until = time.monotonic() + 60\n"
        "while time.monotonic() < until:\n"
        "    if os.fork(): os._exit(0)\n"
        "    time.sleep(0.05)\n"
    )
    run(again)
    ours = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    children = [number for file in ours for number in file.read_text().split()]
    assert not [number for number in children if child_orphans._limit(int(number)) >= child_orphans.FIRST_MARK]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that this one started by other means."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_who_belongs_to_another_goes_on(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    longer, shorter, enough = tmp_path / "longer", tmp_path / "shorter", tmp_path / "enough"
    waiting = f"while not os.path.exists({str(enough)!r}): time.sleep(0.01)"
    other = threading.Thread(target=run, args=(leave(longer) + waiting,))
    other.start()
    try:
        deadline = time.monotonic() + 30
        while not longer.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        run(leave(shorter))
        assert (is_there(shorter), is_there(longer), other.is_alive()) == (False, True, True)
    finally:
        enough.touch()
        other.join()
    assert not is_there(longer)
    assert stranger.poll() is None


def test_orphans_of_others_come_here_only_while_a_child_runs() -> None:
    def adopts() -> int:
        answer = ctypes.c_int(-1)
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
        return answer.value

    during: list[int] = []
    child.run([sys.executable, "-c", "print()"], **ENOUGH, on_line=lambda _line: during.append(adopts()))  # type: ignore[arg-type]
    assert (during, adopts()) == ([1], 0)


def test_who_cannot_mark_its_children_ends_none_of_others() -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_RTTIME, (1000, 1000))\n"
    code = (
        "import subprocess, sys\n"
        f"sys.path[:0] = {[entry for entry in sys.path if entry]!r}\n"
        f"{limited}"
        "from core import child\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"child.run([sys.executable, '-c', 'pass'], **{ENOUGH!r})\n"
        "alive = other.poll() is None\n"
        "other.kill()\n"
        "sys.exit(not alive)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # noqa: S603  our own code


def test_a_kernel_that_gives_no_orphans_is_told_of_once_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", written)
    monkeypatch.setattr(child_limits, "prctl", lambda _option, _value: False)
    child_orphans._warn_of_orphans.cache_clear()
    child._warn_of_network.cache_clear()
    for _ in range(2):
        assert run("print(1)") == "1\n"
    said = [json.loads(line)["message"] for line in written.getvalue().splitlines()]
    assert [message for message in said if "leave a parser's group" in message] == said[-1:]
