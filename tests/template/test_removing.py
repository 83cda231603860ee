"""`serverless remove` says what is left, by the names that it has in the account."""

import json
import os
import shutil
import subprocess

from local.deploy import OSLS
from local.settings import REGION
from tests.declarations import ROOT
from tests.emulators import TestEmulator

#: A stack as it might be deployed: of what serverless.yml declares, these three
DEPLOYED = {
    "UploadsBucket": {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": "left-behind"},
    },
    "VdrDeadLetterQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "gone-with-the-stack"}},
    "UsageTable": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "counted-no-more",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "principal", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "principal", "KeyType": "HASH"}],
        },
    },
}


def test_removing_tells_what_is_kept(emulator: TestEmulator) -> None:
    cloudformation = emulator.emulator.client("cloudformation")
    cloudformation.create_stack(StackName="amplify-rag-async-dev", TemplateBody=json.dumps({"Resources": DEPLOYED}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="amplify-rag-async-dev")
    done = subprocess.run(  # noqa: S603
        [shutil.which("node") or "node", "--no-warnings", str(OSLS), "remove", "--stage", "dev", "--region", REGION],
        cwd=ROOT,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | emulator.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "S3::Bucket left-behind: kept as it is" in told
    assert "gone-with-the-stack" not in told
    assert "counted-no-more" not in told
    assert "left-behind" in {bucket["Name"] for bucket in emulator.emulator.client("s3").list_buckets()["Buckets"]}
