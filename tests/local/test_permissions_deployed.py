"""The deployed stack enforces roles: a function with one right less is refused what its twin may do."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.stacks import RunningStack

KEY, ACTION = "check_health", "dynamodb:Scan"
Outcome = tuple[str, dict[str, Any]]  #: the error's type, else nothing; and the answer


@pytest.fixture
def invoke_twin(stack: RunningStack) -> Iterator[Callable[[str, str], Outcome]]:
    """Calls a copy of a deployed function, whose role is a copy of the function's without an action."""
    with ExitStack() as cleaning:

        def invoking(name: str, without: str) -> Outcome:
            client, deployed = (
                stack.client("lambda"),
                stack.client("lambda").get_function(FunctionName=stack.function(KEY)),
            )
            configuration = deployed["Configuration"]
            client.create_function(
                FunctionName=name,
                Role=copied_role(stack, configuration["Role"].rpartition("/")[2], name, without),
                Code={"ZipFile": httpx.get(deployed["Code"]["Location"]).content},
                **{field: configuration[field] for field in ("Runtime", "Handler", "Timeout", "Environment")},
            )
            cleaning.callback(client.delete_function, FunctionName=name)
            answer = client.invoke(FunctionName=name, Payload=b"{}")
            return answer.get("FunctionError", ""), json.loads(answer["Payload"].read())

        yield invoking


def copied_role(stack: RunningStack, role: str, name: str, without: str) -> str:
    """The ARN of a new role with the rights of another, less an action."""
    iam = stack.client("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [action for action in actions if action != without]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    return str(arn)


def test_a_function_may_do_what_its_role_says_and_no_more(invoke_twin: Callable[[str, str], Outcome]) -> None:
    error, _answer = invoke_twin("twin-with-all-rights", "")
    assert error == ""
    error, answer = invoke_twin("twin-without-one", ACTION)
    assert (error, "AccessDenied" in answer["errorMessage"]) == ("Unhandled", True)
