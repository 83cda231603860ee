"""The files of a model: their fingerprint, so that two models of one name are two vector spaces."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

BLOCK_BYTES = 1 << 16
BLOCKS = 64  #: read of each file, evenly spread: 4 MiB of a model of gigabytes
DESCRIPTIONS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json")
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


def model_files(find: Callable[[str], str | None]) -> list[Path]:
    """The files that decide a model's vectors; ``find`` gives the path of a file by its name, or None without one."""
    index = find(INDEX)
    shards = sorted(set(json.loads(Path(index).read_text("utf-8"))["weight_map"].values())) if index else [WEIGHTS]
    return [Path(path) for path in map(find, [*DESCRIPTIONS, *shards]) if path]


def fingerprint(files: Iterable[Path]) -> str:
    """Eight hexadecimal digits of the files' names, sizes and evenly spread blocks of their content."""
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        step = max(BLOCK_BYTES, size // BLOCKS)
        with path.open("rb") as file:
            for offset in range(0, size, step):
                file.seek(offset)
                digest.update(file.read(BLOCK_BYTES))
    return digest.hexdigest()[:8]
