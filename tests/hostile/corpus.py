"""The hostile files of the evaluation data, with what each must come to."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostileFile:
    """A file that somebody made to break readers, or that is broken."""

    name: str
    expected: str  #: rejected-with-clear-error, processed-with-warning or either
    path: Path


def files() -> list[HostileFile]:
    """Every file of the table; none without the evaluation data."""
    root = Path(os.environ.get("RAG_EVAL_DATA", ""))
    table = root / "hostile.csv"
    if not os.environ.get("RAG_EVAL_DATA") or not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as rows:
        return [
            HostileFile(Path(row["file"]).name, row["expected"], root / row["file"]) for row in csv.DictReader(rows)
        ]
