"""`python -m local`: the local stack's command line."""

import argparse
import sys
import time
from dataclasses import asdict

from local.deploy import Endpoints
from local.errors import LocalStackError
from local.stack import LocalStack


def main() -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack: AWS emulator and PostgreSQL")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, help_text) in COMMANDS.items():
        commands.add_parser(name, help=help_text, description=help_text)
    arguments = parser.parse_args()
    try:
        return COMMANDS[arguments.command][0](LocalStack(tell=_tell))
    except LocalStackError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def up(stack: LocalStack) -> int:
    started = time.monotonic()
    endpoints = stack.up()
    _tell(f"up after {time.monotonic() - started:.1f} s")
    _show(endpoints)
    return 0


def down(stack: LocalStack) -> int:
    stack.down()
    _tell("stopped; its state is kept for the next start")
    return 0


def restart(stack: LocalStack) -> int:
    stack.down()
    return up(stack)


def status(stack: LocalStack) -> int:
    """0 when all of it runs, else 3."""
    found = stack.status()
    for name, pid in (("AWS emulator", found.aws), ("PostgreSQL", found.postgres)):
        sys.stdout.write(f"  {name:<14} {f'running (process {pid})' if pid else 'stopped'}\n")
    if found.endpoints:
        _show(found.endpoints)
    elif found.aws and found.postgres:
        sys.stdout.write("  nothing is deployed: run `make up`\n")
    return 0 if found.endpoints else 3


def destroy(stack: LocalStack) -> int:
    stack.destroy()
    _tell("stopped and deleted")
    return 0


COMMANDS = {
    "up": (up, "Start the stack, or bring a running one up to date"),
    "down": (down, "Stop the stack and keep its state"),
    "restart": (restart, "Stop and start it"),
    "status": (status, "Say what runs and where"),
    "destroy": (destroy, "Stop the stack and delete all it holds"),
}


def _tell(line: str) -> None:
    sys.stderr.write(f"· {line}\n")


def _show(endpoints: Endpoints) -> None:
    for name, value in asdict(endpoints).items():
        sys.stdout.write(f"  {name:<14} {value}\n")


if __name__ == "__main__":
    sys.exit(main())
