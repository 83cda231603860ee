"""Builds the layers that zip functions run on.

    python -m layers.build [--architecture arm64] [--python 3.13]

Into build/layers/python<version>-<architecture>/: one zip file a layer, its content unpacked as Lambda does under /opt,
and layers.json. The same inputs give the same bytes; a layer whose inputs have not changed is left as it is.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from layers import archive
from layers.contents import LAYERS, assemble, sources
from layers.target import ARCHITECTURES, PYTHON, Target

DESCRIPTION = "layers.json"
PROGRAMS = (
    "build.py",
    "contents.py",
    "bytecode.py",
    "archive.py",
    "target.py",
)  #: a change of these is a change of every layer


@dataclass(frozen=True)
class Layer:
    """A layer that was built."""

    inputs: str  #: SHA-256 of all that decided its content
    sha256: str  #: of its zip file
    zipped: int  #: bytes
    unzipped: int  #: bytes, as Lambda counts them against its limit
    bytecode: bool  #: whether modules come compiled, so that no cold start compiles them


def build(target: Target) -> dict[str, Layer]:
    """The target's layers by name; builds those that are missing or whose inputs have changed."""
    target.folder.mkdir(parents=True, exist_ok=True)
    with (target.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may build in several processes
        known = described(target)
        for name in LAYERS:
            inputs = digest(name, target)
            if not _is_current(known.get(name), inputs, target) or not zip_of(name, target).exists():
                known[name] = _build(name, target, inputs)
                _describe(target, known)
    return known


def described(target: Target) -> dict[str, Layer]:
    """The layers that were built for the target."""
    path = target.folder / DESCRIPTION
    content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {name: Layer(**fields) for name, fields in content.items() if name in LAYERS}


def zip_of(layer: str, target: Target) -> Path:
    """The layer's zip file."""
    return target.folder / f"{layer}.zip"


def unpacked(layer: str, target: Target) -> Path:
    """The layer's content, as under /opt."""
    return target.folder / layer


def digest(layer: str, target: Target) -> str:
    """What decides a layer's content, as one SHA-256."""
    found = hashlib.sha256(repr(target).encode())
    programs = [Path(__file__).with_name(name) for name in PROGRAMS]
    for path in [*programs, *sources(layer)]:
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _is_current(layer: Layer | None, inputs: str, target: Target) -> bool:
    """Whether a layer is as it would be built now; one with bytecode is no worse where none could be compiled."""
    return layer is not None and layer.inputs == inputs and (layer.bytecode or target.compiler() is None)


def _build(name: str, target: Target, inputs: str) -> Layer:
    folder = unpacked(name, target)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bytecode = assemble(name, target, folder)
    unfinished = zip_of(name, target).with_suffix(".part")
    archive.write(folder, unfinished)
    sha256 = hashlib.sha256(unfinished.read_bytes()).hexdigest()
    layer = Layer(inputs, sha256, unfinished.stat().st_size, archive.unzipped_bytes(unfinished), bytecode)
    unfinished.replace(zip_of(name, target))
    return layer


def _describe(target: Target, layers: dict[str, Layer]) -> None:
    path = target.folder / DESCRIPTION
    path.write_text(json.dumps({name: asdict(layer) for name, layer in layers.items()}, indent=2) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=PYTHON, help="major.minor; default: as in serverless/params.yml")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=os.environ.get("ARCHITECTURE") or "x86_64")
    options = parser.parse_args()
    target = Target(options.python, options.architecture)
    for name, layer in build(target).items():
        compiled = "with bytecode" if layer.bytecode else f"without bytecode, as there is no python{target.python} here"
        sizes = f"{layer.zipped / 1e6:.1f} MB, unpacked {layer.unzipped / 1e6:.1f} MB"
        print(f"layer {name} for python{target.python} on {target.architecture}: {sizes}, {compiled}")  # noqa: T201


if __name__ == "__main__":
    main()
