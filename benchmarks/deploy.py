"""How long `osls deploy --stage local` takes into an emulator of its own, and what it makes.

    python -m benchmarks.deploy

The first deployment, one in which nothing has changed, one after a setting of one function, and one of everything by
force. What AWS would take is not in it: there a first deployment waits for log groups, functions and APIs one by one.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import machine
from local.deploy import OSLS, STACK, osls_lock
from local.emulator import Emulator
from local.ports import free_port
from local.settings import ROOT, StackSettings

CHANGED = {"QUERIES_A_MINUTE": "301"}  #: a setting of query_handler alone


def seconds(settings: StackSettings, *options: str, **variables: str) -> float:
    """How long a deployment takes, the start of Node.js included; waiting for another one of this checkout is not."""
    node = shutil.which("node") or "node"
    shell = {"PATH": os.environ["PATH"], "HOME": str(settings.state)} | settings.environment() | variables
    with osls_lock():
        begun = time.perf_counter()
        command = [node, "--no-warnings", str(OSLS), "deploy", "--stage", "local", *options]
        done = subprocess.run(command, cwd=ROOT, env=shell, check=False, capture_output=True, text=True)  # noqa: S603
        taken = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"the deployment failed:\n{done.stdout}{done.stderr}")
    return taken


def resources(emulator: Emulator) -> int:
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    return sum(len(page["StackResourceSummaries"]) for page in pages)


def main() -> None:
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        settings = StackSettings(state=Path(folder), aws_port=free_port())
        emulator = Emulator(settings)
        emulator.start()
        try:
            rows = [
                ("first", seconds(settings)),
                ("nothing changed", seconds(settings)),
                ("one function's setting changed", seconds(settings, **CHANGED)),
                ("everything again (--force)", seconds(settings, "--force", **CHANGED)),
            ]
            made = resources(emulator)
        finally:
            emulator.stop()
    table = [(name, f"{taken:.1f}") for name, taken in rows]
    machine.show(
        "osls deploy --stage local", about, ("deployment", "seconds"), table, [f"{made} resources in the stack"]
    )


if __name__ == "__main__":
    main()
