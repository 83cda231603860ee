"""Adds bytecode to what Lambda unpacks: a function cannot write any there, and would compile at every cold start.

    python -m layers.bytecode .serverless/amplify-rag-async.zip [--python 3.13]     into the functions' own zip file

It depends on the sources' bytes and not on their times, and takes an interpreter of the runtime's version; without one
on this machine nothing is added, and functions start slower.
"""

import argparse
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from layers import archive
from layers.target import PYTHON, Target

CODE = "/var/task"  #: where Lambda unpacks a function's zip file


def add(folder: Path, place: str, target: Target) -> bool:
    """Compile what is in the folder and will be at ``place``; answers False where no interpreter can do so."""
    compiler = target.compiler()
    if compiler is None:
        return False
    command = [compiler, "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # sets of constants in the same order each time
    # Not checked: some packages bring templates that are no Python, and the rest is compiled all the same
    subprocess.run([*command, "-s", str(folder), "-p", place, str(folder)], check=False, env=environment)  # noqa: S603
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="a zip file, which is replaced")
    parser.add_argument("--python", default=PYTHON, help="major.minor of the runtime")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(options.archive) as opened:
            opened.extractall(folder)
        add(Path(folder), CODE, Target(options.python))
        archive.write(Path(folder), options.archive)


if __name__ == "__main__":
    main()
