"""Pages a second from file to searchable rows: this project against a plain text RAG on the same file and machine.

    RAG_EVAL_DATA=… python -m benchmarks.peer [--file octave.pdf] [--pages 200]

Ours: extract, chunk, embed and store in one process, part after part, with headings, BM25 postings and indexes.
Peer: markitdown, windows of 1,000 characters, sentence-transformers (same weights, fp32), psycopg2 execute_values into
a bare temporary table; see peer_side.py. Loading the models is not counted on either side.
"""

import argparse
import resource
import tempfile
from pathlib import Path
from typing import Any

import pypdfium2

from benchmarks import machine, peer_environment
from benchmarks.database import Database, throwaway_database
from evaluation.ingest import store_file
from evaluation.run import silent, throwaway_run

STAGES = ("extract", "chunk", "embed", "store")


def first_pages(source: Path, wanted: int, target: Path) -> int:
    """Write the first pages of a PDF, or all of them; how many those are."""
    document = pypdfium2.PdfDocument(source)
    count = min(wanted, len(document)) if wanted else len(document)
    some = pypdfium2.PdfDocument.new()
    some.import_pages(document, list(range(count)))
    some.save(target)
    return count


def ours(path: Path, database: Database) -> dict[str, Any]:
    """Seconds of each stage, chunks and peak memory."""
    with throwaway_run(database.application, database.settings, silent) as run:
        done = store_file(run, path)
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {**done.seconds, "chunks": done.chunks, "peak_mb": max(own, children) / 1024}


def peer(path: Path, database: Database) -> dict[str, Any]:
    """The same of the peer, run by its own interpreter."""
    return peer_environment.run("ingest", str(path), database.superuser_dsn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", default="octave.pdf", help="a file of the page questions")
    parser.add_argument("--pages", type=int, default=0, help="its first pages only")
    wanted = parser.parse_args()
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder, throwaway_database() as database:
        path = Path(folder, wanted.file)
        pages = first_pages(machine.evaluation_data() / "pages" / "pdf" / wanted.file, wanted.pages, path)
        sides = {"this project": ours(path, database), "plain peer": peer(path, database)}
    rows, rates = [], {}
    for name, side in sides.items():
        total = sum(side.get(stage, 0.0) for stage in STAGES)
        rates[name] = pages / total
        seconds = [f"{side[stage]:.1f}" if stage in side else "" for stage in STAGES]
        rows.append(
            [name, *seconds, f"{total:.1f}", f"{pages / total:.1f}", f"{side['chunks']}", f"{side['peak_mb']:.0f}"]
        )
    ratio = rates["this project"] / rates["plain peer"]
    columns = ["seconds", *STAGES, "all", "pages/s", "chunks", "peak MB"]
    machine.show(f"{wanted.file}, {pages} pages: {ratio:.1f} times the peer's pages a second", about, columns, rows)


if __name__ == "__main__":
    main()
