"""The command line answers at once."""

import json
import os
import subprocess
import sys

import pytest

from tests.declarations import ROOT

#: What takes long to import and only some commands need
HEAVY = {"boto3", "numpy", "onnxruntime", "psycopg2", "fastembed", "PIL"}


def test_starting_imports_nothing_heavy() -> None:
    tell = "import json, sys, cli.main; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = set(json.loads(done.stdout))
    assert "typer" in loaded
    assert not HEAVY & loaded


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_the_shells(variable: str) -> None:
    """The guides export the one, boto3 reads the other."""
    tell = "import typer.testing, cli.main; typer.testing.CliRunner().invoke(cli.main.app, ['route', 'none'])"
    tell += "; from cli.account import Account; print(Account(None, 'dev').client('lambda').meta.region_name)"
    shell = {"PATH": os.environ["PATH"], "HOME": "/nowhere", variable: "eu-north-1"}
    done = subprocess.run([sys.executable, "-c", tell], cwd=ROOT, capture_output=True, env=shell, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "eu-north-1"
