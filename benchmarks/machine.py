"""The machine that a benchmark ran on, and how its figures are printed."""

import datetime
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

LOAD_WORTH_A_WARNING = 0.5  #: other programs' share of one processor


def describe() -> str:
    """Processor, count, memory, load before the run and date, in one line."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    python = ".".join(map(str, sys.version_info[:3]))
    load = os.getloadavg()[0]
    warning = " (busy: figures are too low)" if load > LOAD_WORTH_A_WARNING else ""
    return f"{today}, {_processor()}, {os.cpu_count()} CPUs, {gib:.0f} GiB, Python {python}, load {load:.1f}{warning}"


def _processor() -> str:
    """The processor's name, with the extensions that decide the speed of int8 products."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in lines.items()}
    extensions = [name for name in ("avx512_vnni", "avx_vnni", "avx2") if name in values.get("flags", "").split()]
    return f"{values.get('model name', platform.machine())} ({', '.join(extensions)})"


def show(
    title: str, machine: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> None:
    """Print a table of figures with the machine they were measured on."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(width=160 if not sys.stdout.isatty() else None, highlight=False)
    console.print(table, *notes, machine, sep="\n")


def evaluation_data() -> Path:
    """The folder of evaluation data; exits saying how to name it."""
    root = os.environ.get("RAG_EVAL_DATA")
    if not root:
        raise SystemExit("set RAG_EVAL_DATA to the folder with the evaluation data")
    return Path(root)
