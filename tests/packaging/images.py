"""What the workers' images hold, by their Dockerfiles."""

import re
from pathlib import Path

from layers.target import ROOT
from tests.packaging.trees import required

FUNCTIONS = {"text_rag_processor": "text", "vdr_processor": "vdr"}  #: that run from an image → its folder
IMAGES = tuple(FUNCTIONS.values())
FOLDER = re.compile(r"^COPY (\w+) \1$", re.MULTILINE)


def dockerfile(image: str) -> str:
    return (ROOT / "layers" / image / "Dockerfile").read_text("utf-8")


def requirements(image: str) -> set[str]:
    """The packages of the image; torch comes from an index of its own."""
    locked = set(required(ROOT / "layers" / image / "requirements.txt"))
    return locked | {name for name in ("torch",) if f" {name}==" in dockerfile(image)}


def copied(image: str, folder: Path) -> Path:
    """The application's code as the image has it."""
    folder.mkdir()
    for name in FOLDER.findall(dockerfile(image)):
        (folder / name).symlink_to(ROOT / name)
    return folder
