"""`serverless rollback` brings an earlier deployment back from what the deployment bucket holds of it."""

import json
from datetime import UTC, datetime
from typing import Any

from local.settings import REGION
from tests.emulators import TestEmulator
from tests.osls import osls

STAGE = "back"
STACK = f"amplify-rag-async-{STAGE}"
BUCKET = f"{STACK}-deployments"
MOMENTS = (1_795_000_000_000, 1_795_000_600_000)  #: of two deployments, in milliseconds


def template(version: int) -> str:
    """A stack as it might be deployed: one queue stands for what differs."""
    queue = {"QueueName": f"{STACK}-vdr-queue", "DelaySeconds": version}
    resources = {
        "ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}},
        "VdrProcessingQueue": {"Type": "AWS::SQS::Queue", "Properties": queue},
    }
    return json.dumps({"Resources": resources})


def delay(sqs: Any) -> str:
    url = sqs.get_queue_url(QueueName=f"{STACK}-vdr-queue")["QueueUrl"]
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]["DelaySeconds"])


def test_an_earlier_deployment_comes_back(emulator: TestEmulator) -> None:
    client = emulator.emulator.client
    cloudformation, s3, sqs = client("cloudformation"), client("s3"), client("sqs")
    cloudformation.create_stack(StackName=STACK, TemplateBody=template(1))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK)
    for version, moment in enumerate(MOMENTS, start=1):
        iso = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        folder = f"serverless/amplify-rag-async/{STAGE}/{moment}-{iso}"
        s3.put_object(
            Bucket=BUCKET, Key=f"{folder}/compiled-cloudformation-template.json", Body=template(version).encode()
        )
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/serverless-state.json", Body=b"{}")
    cloudformation.update_stack(StackName=STACK, TemplateBody=template(2))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK)
    assert delay(sqs) == "2"

    where = ("--stage", STAGE, "--region", REGION)
    listed = osls("deploy", "list", *where, variables=emulator.variables)
    assert all(str(moment) in listed for moment in MOMENTS)
    osls("rollback", "--timestamp", str(MOMENTS[0]), *where, variables=emulator.variables)
    assert delay(sqs) == "1"
