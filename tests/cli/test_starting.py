"""The command line answers at once."""

import json
import subprocess
import sys

from tests.declarations import ROOT

#: What takes long to import and only some commands need
HEAVY = {"boto3", "numpy", "onnxruntime", "psycopg2", "fastembed", "PIL"}


def test_starting_imports_nothing_heavy() -> None:
    tell = "import json, sys, cli.main; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = set(json.loads(done.stdout))
    assert "typer" in loaded
    assert not HEAVY & loaded
