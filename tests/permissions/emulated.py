"""A function's role in the emulator of the tests, with the rights that stage dev gives it, so that its calls are held
against them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from local.settings import REGION
from tests.emulators import DERIVED, QUEUES, UPLOADS, TestEmulator
from tests.permissions.grants import Grant, grants, named, of_role
from tests.templates import compiled

ACCOUNT = "000000000000"
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
#: Logical id → what the tests have for it, where functions are not told its name
KNOWN = {
    "UploadsBucket": UPLOADS,
    "DerivedBucket": DERIVED,
    **dict(zip(("TextRagProcessingQueue", "VdrProcessingQueue", "RagDocumentIndexQueue"), QUEUES, strict=True)),
}
VARIABLES = {
    "AccessKeyId": "AWS_ACCESS_KEY_ID",
    "SecretAccessKey": "AWS_SECRET_ACCESS_KEY",
    "SessionToken": "AWS_SESSION_TOKEN",
}
#: In AWS these rights cover batches; the emulator asks for actions of their own
BATCHED = ("sqs:SendMessage", "sqs:ChangeMessageVisibility")


def credentials(emulator: TestEmulator, key: str, settings: Mapping[str, str], without: str = "") -> dict[str, str]:
    """The variables by which a process has the rights of a function and no others; one action may be taken away."""
    allowed = [grant for grant in rights(key, settings) if grant.action.removesuffix("Batch") != without]
    statements = [{"Effect": "Allow", "Action": grant.action, "Resource": grant.resource} for grant in allowed]
    return assumed(emulator.emulator.client, f"{key}-{uuid4().hex[:8]}", statements)


def assumed(client: Any, name: str, statements: list[dict[str, Any]]) -> dict[str, str]:
    """The variables by which a process runs with a new role that has these statements; ``client`` makes clients."""
    iam = client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
    given = client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    return {variable: given[field] for field, variable in VARIABLES.items()}


def rights(key: str, settings: Mapping[str, str]) -> Iterator[Grant]:
    """What the role of a function allows, on the resources that these settings name."""
    function = compiled().functions()[key]
    variables = function["Environment"]["Variables"]
    told = {named(value): _name(settings[variable]) for variable, value in variables.items() if variable in settings}
    for statement in of_role(compiled(), function["Role"]["Fn::GetAtt"][0]):
        if statement["Effect"] == "Allow" and "Condition" not in statement:
            for grant in grants(statement):
                resource = arn(grant, KNOWN | told)
                yield Grant(grant.action, resource)
                if grant.action in BATCHED:
                    yield Grant(f"{grant.action}Batch", resource)


def _name(value: str) -> str:
    """Queues are told by their addresses."""
    return value.rpartition("/")[2] if value.startswith("http") else value


def arn(grant: Grant, names: Mapping[str, str]) -> str:
    """The ARN in the emulator of a resource that is called by its logical id, or by its name in stage dev."""
    kind, resource = re.findall(r"^(secret:|parameter|function:|)(.*)", grant.resource)[0]
    for name in sorted(filter(None, names), key=len, reverse=True):
        if resource.startswith(name):
            resource = names[name] + resource.removeprefix(name)
            break
    service = grant.action.partition(":")[0]
    if resource == "*" or service == "s3":
        return resource if resource == "*" else f"arn:aws:s3:::{resource}"
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{'table/' if service == 'dynamodb' else kind}{resource}"
