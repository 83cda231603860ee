"""What the machine lacks is installed where that is allowed, and named exactly where it isn't."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import ROOT

SCRIPT = ROOT / "local" / "programs.sh"
COREUTILS = ("bash", "sh", "mkdir")


class Machine:
    """A machine with just the programs that a test gives it."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.installed = folder / "installed"
        for name in COREUTILS:
            (self.bin / name).symlink_to(
                Path("/usr/bin", name) if Path("/usr/bin", name).exists() else Path("/bin", name)
            )
        self.has("python3.11", f'exec {sys.executable} "$@"')
        self.has("node", "exit 0")
        self.has("npm", "exit 0")
        self.has("apt-get", f'echo "$*" >> {self.installed}')
        self.user(0)

    def has(self, name: str, script: str = "exit 0") -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def lacks(self, name: str) -> None:
        (self.bin / name).unlink()

    def user(self, number: int) -> None:
        self.has("id", f"echo {number}")

    def run(self) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": os.environ["HOME"]}
        return subprocess.run(  # noqa: S603
            [str(SCRIPT)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.has("pdftoppm")
    made.has("tesseract")
    return made


def test_a_complete_machine_is_left_alone(machine: Machine) -> None:
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(machine.bin / "python3.11")
    assert not machine.installed.exists()


def test_root_on_debian_installs_what_is_missing(machine: Machine) -> None:
    machine.lacks("tesseract")
    machine.lacks("pdftoppm")
    assert machine.run().returncode == 0
    update, install = machine.installed.read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install")
    assert install.endswith("poppler-utils tesseract-ocr")


def test_others_are_told_exactly_what_to_install(machine: Machine) -> None:
    machine.lacks("tesseract")
    machine.user(1000)
    done = machine.run()
    assert done.returncode == 1
    assert "sudo apt-get install tesseract-ocr\n" in done.stderr
    assert not machine.installed.exists()


def test_an_old_python_is_refused_by_name(machine: Machine) -> None:
    machine.has("python3.11", "exit 1")
    machine.has("python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = machine.run()
    assert done.returncode == 1
    assert "3.11, 3.12 or 3.13 is needed; found only: Python 3.9.2" in done.stderr


def test_an_old_node_is_refused_by_name(machine: Machine) -> None:
    machine.has("node", 'case "$1" in --version) echo v18.20.4;; *) exit 1;; esac')
    done = machine.run()
    assert done.returncode == 1
    assert "Node.js 20.19+" in done.stderr
    assert "v18.20.4" in done.stderr
