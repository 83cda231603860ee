"""The environment says which local stack is meant."""

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.settings import ROOT, StackSettings, stack_settings


def test_default() -> None:
    assert stack_settings({}) == StackSettings(ROOT / ".local", 4566, 55432)


def test_a_second_stack(tmp_path: Path) -> None:
    second = StackSettings(tmp_path, 5001, 5002)
    assert stack_settings(second.environment()) == second


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "4566x"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(LocalStackError, match="AMPLIFY_RAG_AWS_PORT"):
        stack_settings({"AMPLIFY_RAG_AWS_PORT": port})
