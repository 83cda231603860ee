"""The demo on the real local stack: the samples go in, are watched, and the questions are answered."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo import QUESTIONS
from tests.stacks import RunningStack

REPOSITORY = Path(__file__).parents[2]


def demo(user: str, home: Path) -> str:
    """What the demo prints; it must end well."""
    result = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "cli.demo", user],
        cwd=REPOSITORY,
        env=os.environ | {"XDG_CONFIG_HOME": str(home / "config"), "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.timeout(600)
def test_the_demo_answers_its_questions_and_the_second_run_has_nothing_to_do(
    stack: RunningStack, tmp_path: Path
) -> None:
    user = f"{secrets.token_hex(6)}@example.com"
    first = demo(user, tmp_path)
    assert "6 documents: 6 ready" in first
    for question in QUESTIONS:
        answer = first.split(question.text)[1].splitlines()
        best = next(line for line in answer if line.startswith(" 1  "))
        assert question.file_name in best, question.text
    assert "crew-handbook.pdf  page 9" in first
    assert stack.endpoints.api in first
    assert "6 documents: 6 unchanged" in demo(user, tmp_path)
