"""Layers are the same for the same inputs, and hold what requirements.lock says."""

import os
from pathlib import Path

import pytest

from layers import archive
from layers.build import digest
from layers.contents import FOLDERS, LAYERS, requirements, sources
from layers.target import ARCHITECTURES, PYTHON, ROOT, Target
from tests.declarations import declared, functions
from tests.packaging.trees import required


def blocks(file: Path) -> set[str]:
    """Each package of a file of locked requirements, with its hashes."""
    text = "".join(line for line in file.read_text("utf-8").splitlines(keepends=True) if not line.startswith("#"))
    lines = text.replace(" \\\n", " ").splitlines()
    return {" ".join(line.split()) for line in lines if line.strip()}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    archives = []
    for number, names in enumerate((("b.py", "a/c.py"), ("a/c.py", "b.py"))):
        folder = tmp_path / str(number)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            path.chmod(0o600 if number else 0o644)
            os.utime(path, (number * 1e9, number * 1e9))
        archives.append(tmp_path / f"{number}.zip")
        archive.write(folder, archives[-1])
    first, second = (path.read_bytes() for path in archives)
    assert first == second
    assert archive.unzipped_bytes(archives[0]) == len("b.py") + len("a/c.py")


def test_what_decides_a_layer_decides_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {digest(layer, Target(PYTHON, architecture)) for layer in LAYERS for architecture in ARCHITECTURES}
    assert len(digests) == 4
    before = digest("search", Target())
    changed = tmp_path / "requirements.txt"
    changed.write_text(requirements("search").read_text("utf-8") + "# more\n")
    monkeypatch.setattr("layers.contents.requirements", lambda layer: changed)
    assert digest("search", Target()) != before
    assert {path.name for path in sources("search")} == {"requirements.txt", *FOLDERS["search"]["text-model"]}


@pytest.mark.parametrize("name", [*LAYERS, "text", "vdr"])
def test_versions_and_hashes_are_those_of_the_lock(name: str) -> None:
    locked = {block.partition(" ")[0]: block for block in blocks(ROOT / "requirements.lock")}
    pinned = {line.strip().lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for block in blocks(requirements(name)):
        requirement = block.partition(" ")[0]
        assert "--hash=sha256:" in block
        assert requirement.replace("_", "-") in pinned
        assert block == locked.get(requirement, block)


def test_no_package_is_in_two_layers() -> None:
    base, search = (set(required(requirements(layer))) for layer in LAYERS)
    assert not base & search


def test_layers_are_for_the_runtime_and_the_functions_that_are_declared() -> None:
    parameters, custom = declared("serverless", "params.yml")["default"], declared("serverless.yml")["custom"]
    assert parameters["runtime"] == f"python{PYTHON}"
    assert set(custom["layers"]) == set(LAYERS)
    assert {key for users in custom["layers"].values() if users != "all" for key in users} <= set(functions())
    assert set(custom["images"]) <= set(functions())
