"""Damaged files through the entry's inspection and the text parser, for as long as wanted.

    [RAG_EVAL_DATA=…] python -m benchmarks.fuzz [--seconds 300] [--seed 1] [--keep FOLDER]

Seeds are the samples, and the hostile files where the evaluation data is at hand. A finding is anything but a result or
a DocumentError, and anything slower than a minute; its file is kept. Needs no service.
"""

import argparse
import contextlib
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks import machine
from benchmarks.mutations import mutate
from core.errors import DocumentError
from core.inspection import inspect
from core.ranges import over
from core.settings import Settings
from rag.extract import extract

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
LARGEST_SEED = 400_000
SLOW_SECONDS = 60
SETTINGS = Settings(parse_timeout_seconds=SLOW_SECONDS, ocr_workers=1)


def seeds() -> list[tuple[str, bytes]]:
    """Names and bytes of small sound and hostile files."""
    folders = [SAMPLES]
    with contextlib.suppress(SystemExit):  # the samples alone do too
        folders.append(machine.evaluation_data() / "hostile")
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file() and file.suffix != ".py"]
    return [(file.name, file.read_bytes()) for file in files if 0 < file.stat().st_size <= LARGEST_SEED]


def outcome(path: Path) -> str:
    """How a file ends: a state or a code."""
    try:
        with path.open("rb") as file:
            found = inspect(over(file), path.name, SETTINGS)
        read = extract(path, found.media_type, range(1, min(found.pages, 3) + 1), SETTINGS, lambda _: None)
    except DocumentError as error:
        return error.code
    return "read with gaps" if read.gaps else "read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "fuzz-findings"))
    chosen = parser.parse_args()
    about, chance, known = machine.describe(), random.Random(chosen.seed), seeds()  # noqa: S311  damage, no secret
    data = [content for _name, content in known]
    ends: Counter[str] = Counter()
    findings: list[str] = []
    deadline = time.monotonic() + chosen.seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < deadline:
            path = Path(folder, chance.choice(known)[0])
            path.write_bytes(mutate(data, chance))
            started = time.monotonic()
            try:
                end = outcome(path)
            except Exception as error:  # noqa: BLE001  that is what is looked for
                end = f"finding: {type(error).__name__}"
            if time.monotonic() - started > SLOW_SECONDS:
                end = "finding: slow"
            ends[end] += 1
            if end.startswith("finding"):
                chosen.keep.mkdir(parents=True, exist_ok=True)
                kept = chosen.keep / f"{ends.total()}-{path.name}"
                kept.write_bytes(path.read_bytes())
                findings.append(f"{end}: {kept}")
    rows = [[end, str(count)] for end, count in ends.most_common()]
    title = f"{ends.total()} damaged files of {len(known)} seeds in {chosen.seconds:g} s, {len(findings)} findings"
    machine.show(title, about, ["end", "files"], rows, findings)


if __name__ == "__main__":
    main()
