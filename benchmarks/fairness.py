"""How long two pages wait beside two thousand of somebody else's: `python -m benchmarks.fairness` (after `make up`).

With `--pictures` the two pages, and every third of the big document, are scans without a text layer: most of those of
the big one are found only while their part is read, and are handed over.

The big document is uploaded first; when its first page is done, another owner uploads a document of two pages. Shown is
how long that one waits for a worker and until it can be searched, beside the same on an idle stack. The bound is the
time that a worker which is free next has left for the part in its hands. Both documents are deleted at the end.
"""

import argparse
import random
import tempfile
import time
import uuid
from datetime import datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.load_documents import pdf
from benchmarks.stack import StackUser, log_in

STARTED = {"processing_started", "converting_pages", "extracting_text", "chunking", "embedding", "storing"}


def waited(user: StackUser, path: Path) -> tuple[float, float]:
    """Seconds from the queue to a worker, and from the upload to the end; the document is deleted."""
    begun = time.perf_counter()
    status_id = user.upload(path, f"{uuid.uuid4()}/{path.name}")
    state = user.wait(status_id, {"completed", "completed_with_gaps"})
    whole = time.perf_counter() - begun
    times = {
        event["status"]: datetime.fromisoformat(event["timestamp"]) for event in user.events(state["documentId"])[::-1]
    }
    started = min(moment for status, moment in times.items() if status in STARTED)
    user.delete(status_id)
    return (started - times["queued"]).total_seconds(), whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, help="of the big document")
    parser.add_argument("--pictures", action="store_true", help="scans: the two pages, and every third of the big one")
    options = parser.parse_args()
    about, big, small = machine.describe(), log_in("big@example.com"), log_in("small@example.com")
    chance = random.Random(1)  # noqa: S311  not a secret
    with tempfile.TemporaryDirectory() as folder:
        long, short = Path(folder, "long.pdf"), Path(folder, "short.pdf")
        long.write_bytes(pdf(options.pages, chance, scanned=range(3, options.pages + 1, 3) if options.pictures else ()))
        short.write_bytes(pdf(2, chance, scanned=(1, 2) if options.pictures else ()))
        waited(small, short)  # warms the workers up
        idle = waited(small, short)
        status_id = big.upload(long, f"{uuid.uuid4()}/long.pdf")
        big.wait(status_id, STARTED)
        beside = [waited(small, short) for _time in range(3)]
        still_running = big.state(status_id).get("metadata", {}).get("progress")
        big.delete(status_id)
    rows = [["idle stack", f"{idle[0]:.1f}", f"{idle[1]:.1f}"]]
    rows += [["beside the big document", f"{queued:.1f}", f"{whole:.1f}"] for queued, whole in beside]
    notes = [f"the big document was at {still_running} % when the last of the small ones was done"]
    machine.show(
        f"2 pages beside {options.pages}", about, ["", "seconds in the queue", "until searchable"], rows, notes
    )


if __name__ == "__main__":
    main()
