"""The workers' Dockerfiles: clean, pinned, in step with serverless.yml, and their packages to be had for AWS."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.contents import LAYERS
from layers.target import ARCHITECTURES, GLIBC, PYTHON, ROOT
from tests.declarations import declared, functions
from tests.packaging.images import FOLDER, FUNCTIONS, IMAGES, dockerfile, requirements

BIN = Path(sys.executable).parent


@pytest.mark.parametrize("image", IMAGES)
def test_hadolint_finds_nothing(image: str) -> None:
    command = [str(BIN / "hadolint"), "--failure-threshold", "info", str(ROOT / "layers" / image / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", IMAGES)
def test_it_starts_from_a_known_image_of_the_runtime_s_python(image: str) -> None:
    assert re.search(
        rf"^FROM python:{re.escape(PYTHON)}\.\d+-slim-bookworm@sha256:[0-9a-f]{{64}}$", dockerfile(image), re.M
    )


@pytest.mark.parametrize("image", IMAGES)
def test_it_holds_the_code_of_the_zip_file_and_runs_its_handler(image: str) -> None:
    patterns = declared("serverless.yml")["package"]["patterns"]
    packed = {pattern.split("/")[0] for pattern in patterns if pattern.endswith("/**/*.py")}
    assert set(FOLDER.findall(dockerfile(image))) == packed
    [key] = [key for key, its in FUNCTIONS.items() if its == image]
    handler = functions()[key]["handler"].replace("/", ".")
    assert f'CMD ["{handler}"]' in dockerfile(image)


@pytest.mark.parametrize("image", IMAGES)
def test_it_holds_whatever_its_packages_ask_for(image: str) -> None:
    names, missing = requirements(image), set()
    for name in names:
        for text in distribution(name).requires or ():
            asked = Requirement(text)
            environment = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "extra": ""}
            if asked.marker is None or asked.marker.evaluate(environment):
                missing |= {canonicalize_name(asked.name)} - names
    assert not missing


def test_torch_is_the_version_that_is_tested() -> None:
    pinned = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
    assert f" {pinned}\n" in dockerfile("vdr")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", [*LAYERS, *IMAGES])
def test_there_are_wheels_for_lambda(name: str, architecture: str, tmp_path: Path) -> None:
    done = wheels(name, PYTHON, architecture, tmp_path)
    assert done.returncode == 0, done.stderr


def test_and_none_for_a_python_that_is_too_old(tmp_path: Path) -> None:
    done = wheels("search", "3.8", "x86_64", tmp_path)
    assert done.returncode != 0
    assert "numpy" in done.stderr


def wheels(name: str, python: str, architecture: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Look up the wheel of each locked package; nothing is downloaded but their descriptions."""
    platform = f"{ARCHITECTURES[architecture]}-manylinux_2_{GLIBC}"
    options = ["--dry-run", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", str(folder / "none")]
    where = ["--python-version", python, "--python-platform", platform]
    return subprocess.run(  # noqa: S603
        [str(BIN / "uv"), "pip", "install", *options, *where, "-r", str(ROOT / "layers" / name / "requirements.txt")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_are_printed_where_there_is_no_registry() -> None:
    done = subprocess.run(  # noqa: S603
        [ROOT / "layers" / "images.sh"],
        env={"PATH": "/usr/bin:/bin", "ARCHITECTURE": "arm64", "PAGE_MODEL": "ModernVBERT/colmodernvbert-merged"},
        capture_output=True,
        text=True,
        check=True,
    )
    text, vdr = done.stdout.splitlines()
    for image, line in (("text", text), ("vdr", vdr)):
        assert "--platform linux/arm64 --provenance=false" in line
        assert f"layers/{image}/Dockerfile" in line
    assert ("PAGE_MODEL" in text, "--build-arg PAGE_MODEL=ModernVBERT/colmodernvbert-merged" in vdr) == (False, True)
