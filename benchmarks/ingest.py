"""From upload to searchable through the running local stack: time, the share of each stage, memory of the workers.

    RAG_EVAL_DATA=… python -m benchmarks.ingest [--file octave.pdf]        (after `make up`)

The time runs from before the upload to S3 until the API says ``completed``. The stages are what the workers logged,
summed over all parts; workers run side by side, so they add up to more than the time that passed. The bound is the
time that embedding all chunks takes when nothing else runs. The document is deleted at the end.
"""

import argparse
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.processes import PeakMemory
from benchmarks.stack import LogLine, StackUser, log_in
from local.settings import SERVICE

FUNCTION = "text_rag_processor"
LOG_PATIENCE_SECONDS = 30


def ingest(user: StackUser, path: Path) -> tuple[dict[str, Any], float, float, list[float]]:
    """The last state, when it began, seconds it took, and each worker's peak memory in MB."""
    emulator = user.stack.emulator.server.pid() or 0
    begun, started = time.time(), time.perf_counter()
    with PeakMemory(emulator, f"{SERVICE}-local-{FUNCTION}") as memory:
        state = user.wait(user.upload(path, f"{uuid.uuid4()}/{path.name}"), {"completed"})
        seconds = time.perf_counter() - started
    return state, begun, seconds, sorted(memory.peaks_mb.values())


def stage_lines(user: StackUser, state: dict[str, Any], since: float) -> list[LogLine]:
    """What the workers logged about the stages, once the stages of all parts are there."""
    deadline = time.monotonic() + LOG_PATIENCE_SECONDS
    while True:
        lines = [
            line
            for line in user.log(FUNCTION, since)
            if line.get("documentId") == state["documentId"] and line.get("message") == "Text stage finished"
        ]
        stored = {line["part"] for line in lines if line["stage"] == "storing"}
        if len(stored) >= state["metadata"]["parts"] or time.monotonic() > deadline:
            return lines
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", default="octave.pdf", help="a file of the page questions")
    path = machine.evaluation_data() / "pages" / "pdf" / parser.parse_args().file
    about, user = machine.describe(), log_in()
    state, begun, seconds, peaks = ingest(user, path)
    try:
        spent: defaultdict[str, float] = defaultdict(float)
        for line in stage_lines(user, state, begun):
            spent[line["stage"]] += line["duration_ms"] / 1000
    finally:
        user.delete(state["statusId"])
    whole, pages = sum(spent.values()) or 1.0, state["metadata"]["totalPages"]
    rows = [[stage, f"{taken:.1f}", f"{taken / whole:.0%}"] for stage, taken in spent.items()]
    notes = [
        f"{seconds:.1f} s from upload to {state['status']}, {pages / seconds:.1f} pages/s",
        f"{state['metadata'].get('chunks')} chunks, {state['metadata'].get('tokens')} tokens",
        f"peak memory of the workers, with their parsers: {', '.join(f'{peak:.0f}' for peak in peaks)} MB",
    ]
    machine.show(f"{path.name}, {pages} pages", about, ["stage", "seconds in workers", "share"], rows, notes)


if __name__ == "__main__":
    main()
