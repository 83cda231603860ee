"""The environment says which local stack is meant."""

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.settings import ROOT, StackSettings, stack_settings


def test_default() -> None:
    assert stack_settings({}) == StackSettings(ROOT / ".local", 4566, 25432)


def test_no_outgoing_connection_is_given_a_default_port() -> None:
    first_given_out = 32768  # by Linux; other systems begin higher
    usual = stack_settings({})
    assert max(usual.aws_port, usual.postgres_port) < first_given_out


def test_the_stack_is_deployed_with_the_same_ports() -> None:
    text = (ROOT / "serverless" / "local.js").read_text("utf-8")
    usual = stack_settings({})
    assert f"process.env.AMPLIFY_RAG_AWS_PORT || {usual.aws_port}}}" in text
    assert f"process.env.AMPLIFY_RAG_POSTGRES_PORT || {usual.postgres_port}}}" in text


def test_a_second_stack(tmp_path: Path) -> None:
    second = StackSettings(tmp_path, 5001, 5002)
    assert stack_settings(second.environment()) == second


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "4566x"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(LocalStackError, match="AMPLIFY_RAG_AWS_PORT"):
        stack_settings({"AMPLIFY_RAG_AWS_PORT": port})
