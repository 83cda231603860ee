"""What a layer holds: installed packages under python/, and folders of the checkout beside them, as under /opt."""

import shutil
import subprocess
import sys
from pathlib import Path

from layers import bytecode
from layers.target import ROOT, Target

LAYERS = ("base", "search")
#: Folders of the checkout in a layer → their files; a model's recipe stays at home
FOLDERS = {"search": {"text-model": ("model.onnx", "tokenizer.json", "config.json", "LICENSE")}}
#: Not in a layer: programs, tests, types, what makes models, and what differs between two installations of the same
LEFT_OUT = (
    *("bin", "tests", "*.pyi", "*.h", "*.a"),
    *("onnxruntime/quantization", "onnxruntime/tools", "onnxruntime/transformers"),
    *("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"),
)


def requirements(layer: str) -> Path:
    """The layer's packages, each at a version and with its hashes; written by `make lock`."""
    return ROOT / "layers" / layer / "requirements.txt"


def sources(layer: str) -> list[Path]:
    """The files of the checkout that decide what the layer holds."""
    models = [ROOT / "layers" / folder / name for folder, names in FOLDERS.get(layer, {}).items() for name in names]
    return [requirements(layer), *models]


def assemble(layer: str, target: Target, folder: Path) -> bool:
    """Put the layer's content into an empty folder; answers whether it includes bytecode.

    Only wheels are taken, and only those whose hash is known. Raises CalledProcessError when pip finds none.
    """
    python = folder / "python"
    listed = ["--require-hashes", "--no-deps", "-r", str(requirements(layer))]  # complete, as `make lock` resolved it
    _pip(["install", *target.pip_options, "--target", str(python), *listed])
    for pattern in LEFT_OUT:
        for path in list(python.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for name, members in FOLDERS.get(layer, {}).items():
        (folder / name).mkdir()
        for member in members:
            shutil.copyfile(ROOT / "layers" / name / member, folder / name / member)
    return bytecode.add(python, "/opt/python", target)


def _pip(arguments: list[str]) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-warn-conflicts"]
    subprocess.run([sys.executable, "-m", "pip", arguments[0], *quiet, *arguments[1:]], check=True)  # noqa: S603
