"""`serverless rollback` brings an earlier deployment back from what the deployment bucket holds of it."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import Any

from local.deploy import OSLS
from local.settings import REGION
from tests.declarations import ROOT
from tests.emulators import TestEmulator

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


def osls(emulator: TestEmulator, *arguments: str) -> str:
    """What the command says; it must succeed."""
    done = subprocess.run(  # noqa: S603
        [shutil.which("node") or "node", "--no-warnings", str(OSLS), *arguments, "--stage", STAGE, "--region", REGION],
        cwd=ROOT,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | emulator.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    return told


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

    listed = osls(emulator, "deploy", "list")
    assert all(str(moment) in listed for moment in MOMENTS)
    osls(emulator, "rollback", "--timestamp", str(MOMENTS[0]))
    assert delay(sqs) == "1"
