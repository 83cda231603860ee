"""`amplify-rag migrate` against the stack that runs here, and against one that does not exist."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from operations import migrations
from tests.emulators import TestEmulator
from tests.stacks import RunningStack


def test_the_function_answers_the_operator(stack: RunningStack) -> None:
    endpoints = ["--endpoints", str(stack.stack.settings.endpoints_file)]
    looked = CliRunner().invoke(app, ["migrate", "--dry-run", "--json", *endpoints])
    assert looked.exit_code == 0, looked.output
    count = len(migrations._names())
    assert (json.loads(looked.stdout)["earlier"], json.loads(looked.stdout)["pending"]) == (count, [])
    done = CliRunner().invoke(app, ["migrate", *endpoints])
    assert done.exit_code == 0, done.output
    assert "password set  rag_app" in done.stdout
    assert f"{count} were there, 0 applied" in done.stdout


def test_a_stage_that_is_not_deployed_cannot_be_called(emulator: TestEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.variables.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["migrate", "--stage", "nowhere"])
    assert result.exit_code == 4
    assert "cannot call amplify-rag-async-nowhere-migrate" in result.stderr
