"""What each role of the compiled template grants, in short: an action and a resource by its logical id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.templates import Template

#: What goes before a resource's own name
_PREFIX = re.compile(r"^arn:\$\{AWS::Partition\}:[a-z0-9-]+:(\$\{AWS::Region\})?:(\$\{AWS::AccountId\})?:")


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, as ``s3:GetObject`` on ``UploadsBucket/*``."""

    action: str
    resource: str


def of_role(template: Template, role: str) -> Iterator[dict[str, Any]]:
    """Every statement that a role has: its own, of policies that it names and of policies that name it."""
    yield from template.statements(role)
    named = str(template.resources[role]["Properties"].get("ManagedPolicyArns", []))
    for policy in policies(template):
        attached = {"Ref": role} in template.resources[policy]["Properties"].get("Roles", [])
        if attached or f"'{policy}'" in named:
            yield from template.resources[policy]["Properties"]["PolicyDocument"]["Statement"]


def policies(template: Template) -> Iterator[str]:
    """The logical ids of the policies that stand beside roles."""
    yield from template.of("IAM::Policy")
    yield from template.of("IAM::ManagedPolicy")


def grants(statement: dict[str, Any]) -> Iterator[Grant]:
    """Every action of a statement on every resource."""
    for action in as_list(statement["Action"]):
        for resource in as_list(statement["Resource"]):
            yield Grant(action, named(resource))


def as_list(value: Any) -> list[Any]:
    """Policies may leave out the brackets around one."""
    return value if isinstance(value, list) else [value]


def named(resource: Any) -> str:
    """The resource with logical ids in place of addresses: ``UploadsBucket/*``, ``DocumentStatusTable.StreamArn``."""
    match resource:
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}".removesuffix(".Arn")
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:]+?)(\.Arn)?\}", r"\1", _PREFIX.sub("", text))
    return str(resource)
