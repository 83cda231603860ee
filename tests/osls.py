"""The Serverless Framework's command line, as a test runs it."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from local.deploy import OSLS
from tests.declarations import ROOT

NAMES_OF_SHELL = {"PATH", "HOME", "TMPDIR"}  #: a developer's shell does not change what a stage is


def osls(*arguments: str, variables: Mapping[str, str] | None = None, timeout: float = 300) -> str:
    """What the command says, which must succeed within so many seconds; with these environment variables."""
    done = subprocess.run(  # noqa: S603
        [shutil.which("node") or "node", "--no-warnings", str(OSLS), *arguments],
        cwd=ROOT,
        env={name: os.environ[name] for name in NAMES_OF_SHELL & os.environ.keys()} | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    return told
