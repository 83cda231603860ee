"""Packages on disk as a function finds them: layers unpacked, and what an image installs."""

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from layers.build import build, zip_of
from layers.sizes import CODE
from layers.target import ROOT, Target
from local.deploy import osls_lock

RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")  #: what Lambda's own runtime has


@dataclass(frozen=True)
class Stage:
    """A stage that ``serverless package`` has packaged, for the Python that runs the tests."""

    folder: Path
    template: Mapping[str, Any]
    target: Target

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function, by its key in serverless.yml."""
        found = [item["Properties"] for item in self.template["Resources"].values() if _is_function(item)]
        return {str(item["FunctionName"]).removeprefix("amplify-rag-async-dev-"): item for item in found}

    def layers(self, key: str) -> tuple[str, ...]:
        """The names of a zip function's layers, in order."""
        resources = self.template["Resources"]
        ids = [layer["Ref"] for layer in self.functions()[key].get("Layers", [])]
        return tuple(resources[name]["Properties"]["LayerName"].rpartition("-")[2] for name in ids)

    def unpack(self, names: Iterable[str], folder: Path) -> Path:
        """The layers over each other, as Lambda unpacks them to /opt."""
        for name in names:
            _unzip(zip_of(name, self.target), folder)
        return folder

    def code(self, folder: Path) -> Path:
        """The functions' zip file, as Lambda unpacks it to /var/task."""
        _unzip(self.folder / CODE, folder)
        return folder


def package(folder: Path) -> Stage:
    """Package stage dev with layers for this Python; without credentials, and with an AWS that nobody reaches."""
    target = Target.here()
    build(target)
    node = shutil.which("node")
    assert node is not None
    command = [node, "--no-warnings", str(ROOT / "node_modules/osls/bin/serverless.js"), "package", "--stage", "dev"]
    options = ["--package", str(folder), "--param", f"runtime=python{target.python}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    with osls_lock():
        done = subprocess.run(  # noqa: S603
            [*command, *options],
            cwd=ROOT,
            env={**environment, "ARCHITECTURE": target.architecture},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    template = json.loads((folder / "cloudformation-template-update-stack.json").read_text("utf-8"))
    return Stage(folder, template, target)


def linked(names: Iterable[str], folder: Path) -> Path:
    """A folder with these installed packages and no others, as links to their files."""
    folder.mkdir(parents=True)
    for name in names:
        found = distribution(name)
        for top in {Path(file).parts[0] for file in found.files or ()} - {"..", "bin", "__pycache__"}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))
    return folder


def required(file: Path) -> dict[str, str]:
    """The versions of a file of locked requirements, by name."""
    lines = [line.rstrip(" \\") for line in file.read_text("utf-8").splitlines() if "==" in line]
    return dict(line.split("==", 1) for line in lines)


def _is_function(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::Lambda::Function")


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
