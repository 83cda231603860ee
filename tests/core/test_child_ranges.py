"""A child without network reads a file by ranges that its parent serves, and no more than that."""

import hashlib
import random
import time

import pytest

from core import child
from core.child import ChildError, Completed
from core.child_ranges import MAX_RANGE_BYTES, Serve

DATA = random.Random(3).randbytes(9_000_000)  # noqa: S311  not a secret


def serve(offset: int, length: int) -> bytes:
    return DATA[offset : offset + length]


def run(code: str, served: Serve = serve) -> Completed:
    """Run the code in a child that may ask for ranges."""
    return child.run(
        ["-m", "tests.core.asking_child", code],
        timeout_seconds=20,
        memory_bytes=500_000_000,
        output_bytes=100_000,
        serve=served,
    )


def test_ranges_of_any_size_arrive_while_the_child_talks() -> None:
    code = (
        f"import hashlib; print('x' * 50_000); found = fetch(0, {len(DATA) - 1}) + fetch(5, 5); "
        "print(hashlib.sha256(found).hexdigest())"
    )
    said = run(code).stdout.decode().split()
    assert said[1] == hashlib.sha256(DATA + DATA[5:6]).hexdigest()


@pytest.mark.parametrize(
    "request_",
    [f"(0, {MAX_RANGE_BYTES + 1})", "(0, 0)", f"({len(DATA) - 1}, 2)", "(2**63, 10)"],
)
def test_what_the_file_does_not_hold_ends_the_child(request_: str) -> None:
    code = f"import os; os.write(3, child_ranges._REQUEST.pack(*{request_})); os.read(3, 1)"
    with pytest.raises(ChildError, match="asked for"):
        run(code)


def test_a_child_that_asks_and_never_reads_does_not_hold_its_parent_up() -> None:
    code = "import os, time\nfor _ in range(9): os.write(3, child_ranges._REQUEST.pack(0, 4_000_000))\n"
    started = time.monotonic()
    assert run(code).stdout == b""
    assert time.monotonic() - started < 15


def test_an_error_while_serving_rises_and_ends_the_child() -> None:
    def broken(_offset: int, _length: int) -> bytes:
        raise ConnectionError("the store is away")

    started = time.monotonic()
    with pytest.raises(ConnectionError, match="the store is away"):
        run("import time; fetch(0, 9); time.sleep(60)", broken)
    assert time.monotonic() - started < 15


def test_what_the_child_starts_gets_no_part_in_it() -> None:
    code = (
        "import subprocess, sys\n"
        "print(subprocess.run([sys.executable, '-c', 'import os; os.fstat(3)'], close_fds=False,"
        " stderr=subprocess.DEVNULL).returncode)"
    )
    assert run(code).stdout == b"1\n"
