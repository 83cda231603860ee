"""`make audit` looks at whatever is deployed, and fails unless nothing but the advisories' service was missing."""

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.target import ROOT

SERVICE_AWAY = "requests.exceptions.ProxyError: HTTPSConnectionPool(host='pypi.org', port=443)"


def pinned(file: Path) -> set[str]:
    """What a file installs, as name==version."""
    text = file.read_text("utf-8")
    if file.name == "Dockerfile":
        found = re.findall(r"[^\s\"']+==[^\s\"']+", text)
    else:
        found = [line.partition("#")[0].rstrip(" \\\n") for line in text.splitlines() if re.match(r"\w", line)]
    wanted = [Requirement(one) for one in found]
    return {f"{canonicalize_name(one.name)}{one.specifier}" for one in wanted}


def audit(folder: Path, said: str, code: int) -> subprocess.CompletedProcess[str]:
    """What `make audit` makes of a pip-audit that says this and ends so."""
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\necho '{said.replace(chr(39), '')}'\nexit {code}\n", "utf-8")
    program.chmod(0o755)
    command = ["make", "--no-print-directory", "--assume-old=setup-dev", f"BIN={folder}", "audit"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603


def test_whatever_is_installed_anywhere_is_audited() -> None:
    subprocess.run(["make", "build/pins.txt"], cwd=ROOT, check=True, capture_output=True)  # noqa: S607
    audited = pinned(ROOT / "build" / "pins.txt")
    files = [ROOT / "requirements.lock", ROOT / "requirements-vdr.txt"]
    files += [*ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("layers/*/Dockerfile")]
    assert len(files) == 8
    missing = {str(file.relative_to(ROOT)): found for file in files if (found := pinned(file) - audited)}
    assert missing == {}
    assert any(one.startswith("torch==") for one in audited)


def test_no_package_has_two_versions() -> None:
    subprocess.run(["make", "build/pins.txt"], cwd=ROOT, check=True, capture_output=True)  # noqa: S607
    names = [one.partition("==")[0] for one in pinned(ROOT / "build" / "pins.txt")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("said", ["Found 1 known vulnerability in 1 package", "requirement x does not contain a hash"])
def test_a_vulnerability_or_a_mistake_fails_the_check(tmp_path: Path, said: str) -> None:
    done = audit(tmp_path, said, 1)
    assert done.returncode != 0
    assert said in done.stdout


def test_a_service_that_is_away_does_not(tmp_path: Path) -> None:
    done = audit(tmp_path, SERVICE_AWAY, 1)
    assert (done.returncode, done.stdout.strip()) == (0, "no advisories could be fetched")


def test_what_the_service_does_not_know_is_counted(tmp_path: Path) -> None:
    done = audit(tmp_path, "x  Dependency not found on PyPI and could not be audited: x (1)", 0)
    assert (done.returncode, done.stdout.strip()) == (0, "1 packages could not be audited here")
