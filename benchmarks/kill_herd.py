"""The workers of a run with kills: real processes, each replaced by its keeper when it is killed."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.settings import ROOT
from tests.databases import TestDatabase
from tests.emulators import TestEmulator, environment

LEASE_SECONDS = 1.5
CHOSEN: dict[str, Any] = {
    "lease_seconds": LEASE_SECONDS,
    "max_receive_count": 100_000,
    "max_tries": 100_000,
    "status_interval_seconds": 0.0,
    "text_part_pages": 7,
    "visual_part_pages": 2,
    "page_image_edge": 400,
    "text_embedding_threads": 1,
    "ocr_languages": "eng",
}


@dataclass(frozen=True)
class Place:
    """Where workers find their stores."""

    emulator: TestEmulator
    database: TestDatabase

    @property
    def environment(self) -> dict[str, str]:
        settings = self.database.settings(**self.emulator.settings, **CHOSEN)
        named = [*self.emulator.settings, *CHOSEN, "rag_postgres_db_write_endpoint", "rag_postgres_db_name"]
        own = environment(settings, dict.fromkeys(named))
        own |= {"RAG_POSTGRES_DB_SSLMODE": "disable", "PGPASSWORD": self.database.password(), "LOG_LEVEL": "ERROR"}
        quiet = {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}
        return {**os.environ, **self.emulator.variables, **own, **quiet}


class Herd:
    """Worker processes, each replaced by its keeper when it is killed."""

    def __init__(self, place: Place, folder: Path, most_kills: int, roles: Sequence[str]) -> None:
        self._folder = folder
        self._killed: set[int] = set()
        for name in ("notes", "places"):
            (folder / name).mkdir(parents=True)
        self._keepers = [self._start(place, role, most_kills) for role in roles]

    def _start(self, place: Place, role: str, most_kills: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "benchmarks.killed_worker", role, str(self._folder), str(most_kills)]
        with (self._folder / "workers.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=place.environment, stdout=log, stderr=log)  # noqa: S603

    def look_after(self) -> None:
        """Raises AssertionError when a worker ended other than by a kill."""
        ended = [keeper.returncode for keeper in self._keepers if keeper.poll() is not None]
        assert not ended, f"a worker ended by itself: {Path(self._folder, 'workers.log').read_text()[-2000:]}"

    def kill_one_at_work(self) -> bool:
        """Kill a worker that has a message at work; whether there was one."""
        last = {note["worker"]: note["event"] for note in self.notes() if note["event"] != "hidden"}
        busy = [worker for worker, event in last.items() if event == "received" and worker not in self._killed]
        if not busy:
            return False
        worker = random.choice(busy)  # noqa: S311  not a secret
        self._killed.add(worker)
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def notes(self) -> list[dict[str, Any]]:
        """What all workers did, in the order of time."""
        found = [note for path in (self._folder / "notes").glob("*.jsonl") for note in _notes_of(path)]
        return sorted(found, key=lambda note: float(note["at"]))

    def end(self) -> None:
        """End all keepers; their workers end with them."""
        for keeper in self._keepers:
            keeper.kill()
            keeper.wait()


def _notes_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
