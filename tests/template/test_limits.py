"""What AWS limits, held against the compiled template, so that no deployment is needed to find out."""

import json
from typing import Any

import pytest

from tests.templates import BEHIND_NAT, EVERYTHING, Template, compiled

VARIANTS: dict[str, dict[str, str]] = {"existing": {}, "everything": EVERYTHING, "behind NAT": BEHIND_NAT}
MOST_RESOURCES = 500
ENVIRONMENT_BYTES = 4096
LONGEST_REFERENCE = "x" * 128  # of an address or a name that CloudFormation fills in
LONGEST_STAGE = "x" * 20
#: Type of resource → property that names it, and how long a name may be
NAMED = {
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier", 63),
    "AWS::RDS::DBProxy": ("DBProxyName", 63),
    "AWS::SecretsManager::Secret": ("Name", 512),
    "AWS::Cognito::UserPool": ("UserPoolName", 128),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::SNS::Topic": ("TopicName", 256),
}


@pytest.fixture(params=VARIANTS)
def template(request: pytest.FixtureRequest) -> Template:
    return compiled(**VARIANTS[request.param])


def test_the_stack_is_far_from_the_most_resources(template: Template) -> None:
    assert len(template.resources) < MOST_RESOURCES
    assert len(template.content["Outputs"]) < 200
    assert len(template.parameters) < 200


def test_every_environment_fits(template: Template) -> None:
    for key, properties in template.functions().items():
        values = properties["Environment"]["Variables"]
        filled = {name: value if isinstance(value, str) else LONGEST_REFERENCE for name, value in values.items()}
        assert sum(len(name) + len(value) for name, value in filled.items()) + len(filled) * 2 < ENVIRONMENT_BYTES, key


def test_every_policy_fits(template: Template) -> None:
    for name, role in template.of("IAM::Role").items():
        policies = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
        # A role's inline policies share 10,240 characters, in which AWS counts no white space
        assert sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies) < 10_240, name


def test_names_fit_for_stages_of_twenty_characters(template: Template) -> None:
    checked = 0
    for resource in template.resources.values():
        naming, longest = NAMED.get(resource["Type"], ("", 0))
        if naming in resource.get("Properties", {}):
            assert len(filled_in(resource["Properties"][naming])) <= longest, resource
            checked += 1
    assert checked > 20


def filled_in(name: Any) -> str:
    """A name in the longest stage of an account."""
    text = str(name["Fn::Sub"] if isinstance(name, dict) else name)
    for stage in ("-dev", "/dev"):
        text = text.replace(stage, stage[0] + LONGEST_STAGE)
    return text.replace("${AWS::AccountId}", "0" * 12)
