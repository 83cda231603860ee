"""How well each search mode finds the page of a slide deck that answers a question, and of decks beside manuals.

    RAG_EVAL_DATA=… python -m benchmarks.decks [--decks-only]

`evaluation.pages`, that is the real routing, extraction with OCR, chunker, models, store and search on a PostgreSQL of
its own, with the page model that VDR_MODEL_NAME names (text-proxy without it). All files are searched together.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import Progress

from benchmarks import machine
from benchmarks.database import Database, throwaway_database
from benchmarks.retrieval import PAGE_FILES as MANUALS
from benchmarks.retrieval import Bars
from core.settings import Settings, parse
from evaluation import pages
from vdr.embed import page_embedder

DECKS = ("what-is-cloud-native.pdf", "keeping-it-small-slm.pdf", "argo-finetuning.pdf")


def recall(
    data: Path, database: Database, settings: Settings, files: Sequence[str]
) -> Mapping[str, Mapping[str, float]]:
    """Page recall by mode, for the questions about some files."""
    with Progress(transient=True) as progress:
        return pages.run(data / "pages", database.application, settings, files=files, progress=Bars(progress))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decks-only", action="store_true", help="without the two manuals")
    wanted, data, about = parser.parse_args(), machine.evaluation_data(), machine.describe()
    settings = parse(os.environ)
    model = f"page model: {page_embedder(settings).label}"
    collections: dict[str, Sequence[str]] = {f"{len(DECKS)} decks": DECKS}
    if not wanted.decks_only:
        collections[f"{len(DECKS)} decks and {len(MANUALS)} manuals"] = (*DECKS, *MANUALS)
    for name, files in collections.items():
        with throwaway_database() as database:
            found = recall(data, database, settings, files)
        rows = [[mode, *(f"{value:.3f}" for value in values.values())] for mode, values in found.items()]
        machine.show(f"Pages of {name}", about, ["mode", *next(iter(found.values()))], rows, [model])


if __name__ == "__main__":
    main()
