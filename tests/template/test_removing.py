"""`serverless remove` says what is left, by the names that it has in the account."""

import json

from local.settings import REGION
from tests.emulators import TestEmulator
from tests.osls import osls

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
    told = osls("remove", "--stage", "dev", "--region", REGION, variables=emulator.variables)
    assert "S3::Bucket left-behind: kept as it is" in told
    assert "gone-with-the-stack" not in told
    assert "counted-no-more" not in told
    assert "left-behind" in {bucket["Name"] for bucket in emulator.emulator.client("s3").list_buckets()["Buckets"]}
