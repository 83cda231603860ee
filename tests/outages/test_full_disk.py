"""The disk of a worker is full: that passes, and is never taken for a damaged file."""

import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from core.blobs import Blobs
from core.errors import TransientError
from tests.core.pdf_pages import lines, pdf
from tests.emulators import DERIVED, UPLOADS, TestEmulator

ROOT = Path(__file__).resolve().parents[2]
#: A disk of its own for one process, of so many KiB, of which some are taken
MOUNT = 'mount -t tmpfs -o size={size}k small {at} && head -c {taken}k /dev/zero > {at}/taken && exec "$@"'


def on_small_disk(folder: Path, *arguments: str, size: int = 1024, taken: int = 0) -> str:
    """The outcome of the work in a process whose temporary files lie on a small disk."""
    at = folder / "small"
    at.mkdir()
    script = MOUNT.format(at=at, size=size, taken=taken)
    command = [sys.executable, "-m", "tests.outages.small_disk", *arguments]
    done = subprocess.run(  # noqa: S603
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *command],  # noqa: S607
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(at), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode and "mount" in done.stderr + "unshare" * ("unshare" in done.stderr):
        pytest.skip(f"no disk of one's own here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture
def long_text(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text("The ferry leaves in the morning and comes back at night.\n" * 40_000)
    return path


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A picture that takes more room than there is."""
    path = tmp_path / "noise.png"
    chance = random.Random(1)  # noqa: S311  the same picture each time
    Image.frombytes("L", (1600, 1200), chance.randbytes(1600 * 1200)).save(path)
    return path


def test_with_room_enough_the_same_work_succeeds(tmp_path: Path, long_text: Path) -> None:
    assert on_small_disk(tmp_path, "read", str(long_text), "text/plain", size=20_000).startswith("read: 1 pages")


def test_text_for_which_there_is_no_room_is_no_damaged_file(tmp_path: Path, long_text: Path) -> None:
    assert on_small_disk(tmp_path, "read", str(long_text), "text/plain").startswith("transient:")


def test_a_picture_for_which_there_is_no_room_is_no_gap(tmp_path: Path, noise: Path) -> None:
    assert on_small_disk(tmp_path, "read", str(noise), "image/png").startswith("transient:")


def test_a_disk_with_hardly_any_room_is_nobodys_fault(tmp_path: Path, long_text: Path) -> None:
    outcome = on_small_disk(tmp_path, "read", str(long_text), "text/plain", taken=1016)
    assert outcome.startswith("transient:") or outcome == f"raised: {errno.ENOSPC}"


@pytest.mark.parametrize(("size", "outcome"), [(20_000, "drawn: 1"), (300, "transient:")])
def test_a_page_for_which_there_is_no_room_is_no_gap(tmp_path: Path, size: int, outcome: str) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(pdf(lines(70)))
    assert on_small_disk(tmp_path, "draw", str(paper), "application/pdf", size=size).startswith(outcome)


def test_a_download_for_which_there_is_no_room_will_pass(emulator: TestEmulator) -> None:
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key="a/long.txt", Body=b"x" * 100_000)
    blobs = Blobs(emulator.emulator.client("s3"), DERIVED)
    blob = blobs.head(UPLOADS, "a/long.txt")
    assert blob is not None
    with pytest.raises(TransientError, match="disk is full"):
        blobs.download(UPLOADS, "a/long.txt", blob.etag, Path("/dev/full"))
