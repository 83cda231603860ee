"""The entry on a long PDF in the running local stack, and what importing its handler costs.

    RAG_EVAL_DATA=… python -m benchmarks.entry [--file octave.pdf]        (after `make up`)

Uploads the file through S3 three times, under a user of its own, and reads from the function's log how long the entry
took and how many bytes it fetched; the first time its process may just have started. Import times are medians of fresh
processes, with boto3's as the bound. The documents are deleted at the end, before most of their parts are processed.
"""

import argparse
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

from benchmarks import machine
from benchmarks.stack import LogLine, StackUser, log_in

UPLOADS = 3
FRESH_PROCESSES = 7
LOG_PATIENCE_SECONDS = 30
FUNCTION = "async_document_processor"


def import_milliseconds(module: str) -> float:
    """The median time to import a module in a fresh process."""
    program = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", program]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(FRESH_PROCESSES)]  # noqa: S603
    return statistics.median(float(run.stdout) for run in runs) * 1000


def entry(user: StackUser, path: Path) -> LogLine:
    """What the function logged about taking the file in."""
    begun = time.time()
    status_id = user.upload(path, f"{uuid.uuid4()}/{path.name}")
    try:
        user.wait(status_id, {"queued", "processing_started", "extracting_text"})
        return logged(user, status_id, begun)
    finally:
        user.delete(status_id)


def logged(user: StackUser, status_id: str, since: float) -> LogLine:
    """The line with the figures; logs arrive a little after the fact."""
    deadline = time.monotonic() + LOG_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for line in user.log(FUNCTION, since):
            if line.get("statusId") == status_id and "bytes_fetched" in line:
                return line
        time.sleep(0.5)
    raise SystemExit(f"{FUNCTION} logged nothing about {status_id}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", default="octave.pdf", help="a file of the page questions")
    path = machine.evaluation_data() / "pages" / "pdf" / parser.parse_args().file
    about, user = machine.describe(), log_in()
    rows = []
    for number in range(1, UPLOADS + 1):
        line = entry(user, path)
        share = line["bytes_fetched"] / line["bytes"]
        duration = f"{line['duration_ms'] / 1000:.2f}"
        rows.append([f"upload {number}", duration, f"{line['pages']}", f"{share:.0%}", f"{line['requests']}"])
    boto3, handler = import_milliseconds("boto3"), import_milliseconds("rag.async_processor")
    note = f"import of the handler {handler:.0f} ms, of boto3 {boto3:.0f} ms: {handler - boto3:.0f} ms more"
    title = f"The entry takes in {path.name}, {path.stat().st_size / 1e6:.1f} MB"
    machine.show(title, about, ["", "seconds", "pages", "bytes read", "requests"], rows, [note])


if __name__ == "__main__":
    main()
