"""Direct calls of a function, with a real Lambda interface."""

import io
import json
import time
import zipfile
from collections.abc import Iterator

import boto3
import pytest

from core import aws
from core.errors import TransientError
from tests.emulators import TestEmulator

CODE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    return {"echo": event["query"]}
"""


@pytest.fixture
def function(emulator: TestEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a function that answers with what it was asked."""
    for name, value in emulator.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # another test's may have other credentials
    aws._lambda_client.cache_clear()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("echo.py", CODE)
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}]}
    roles, client = emulator.emulator.client("iam"), emulator.emulator.client("lambda")
    role = roles.create_role(RoleName="echo", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    client.create_function(
        FunctionName="echo",
        Runtime="python3.11",
        Role=role,
        Handler="echo.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=20,
    )
    for _ in range(100):
        if client.get_function(FunctionName="echo")["Configuration"].get("State", "Active") == "Active":
            break
        time.sleep(0.1)
    yield "echo"
    client.delete_function(FunctionName="echo")
    roles.delete_role(RoleName="echo")
    aws._lambda_client.cache_clear()


def test_a_function_answers(function: str) -> None:
    assert aws.invoke_json(function, {"query": "Wo ist der Hafen?"}) == {"echo": "Wo ist der Hafen?"}


def test_a_function_that_fails_or_is_not_there(function: str) -> None:
    with pytest.raises(TransientError, match="echo failed"):
        aws.invoke_json(function, {"fail": True})
    with pytest.raises(TransientError, match="nobody gave no answer"):
        aws.invoke_json("nobody", {})
