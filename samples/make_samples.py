"""Makes the sample documents from ``source/``: ``python -m samples.make_samples [FOLDER]``.

The same libraries (requirements-dev.txt) make the same bytes; the results are committed, so nobody has to run this.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from samples import handbook, office, scan

HERE = Path(__file__).parent


def copy_timetable(source: Path, target: Path) -> None:
    """The web page is written by hand and only copied."""
    shutil.copyfile(source / "timetable.html", target)


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "crew-handbook.pdf": handbook.write,
    "survey-letter-scan.pdf": scan.write,
    "season-2025.pptx": office.write_deck,
    "crew-council-minutes.docx": office.write_minutes,
    "fleet-records.xlsx": office.write_workbook,
    "summer-timetable.html": copy_timetable,
}


def make(folder: Path) -> None:
    """Writes all sample documents into the folder."""
    for name, write in WRITERS.items():
        write(HERE / "source", folder / name)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
