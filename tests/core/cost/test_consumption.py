"""What requests to AWS take, counted on the client itself."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.cost import consumption
from core.cost.costs import Quantity
from tests.emulators import DERIVED, TestEmulator


def spent(work: Callable[[], Any]) -> Counter[Quantity]:
    before = consumption.totals()
    work()
    return consumption.totals() - before


@pytest.fixture
def client(emulator: TestEmulator) -> Callable[[str], Any]:
    return lambda name: consumption.watched(emulator.emulator.client(name))


def test_dynamodb_says_what_each_request_takes(client: Callable[[str], Any]) -> None:
    dynamodb = client("dynamodb")
    item = {"principal": {"S": uuid.uuid4().hex}, "period": {"S": "x"}, "fill": {"S": "f" * 1500}}  # two units
    key = {name: item[name] for name in ("principal", "period")}
    put = {"TableName": "UsageTable", "Item": item}
    assert spent(lambda: dynamodb.put_item(**put)) == {Quantity.WRITE_MILLIUNITS: 2000}
    assert spent(lambda: dynamodb.transact_write_items(TransactItems=[{"Put": put}])) == {
        Quantity.WRITE_MILLIUNITS: 4000
    }
    assert spent(lambda: dynamodb.get_item(TableName="UsageTable", Key=key)) == {Quantity.READ_MILLIUNITS: 500}
    consistent = {"TableName": "UsageTable", "Key": key, "ConsistentRead": True}
    assert spent(lambda: dynamodb.get_item(**consistent)) == {Quantity.READ_MILLIUNITS: 1000}
    assert spent(lambda: dynamodb.describe_table(TableName="UsageTable")) == {}


def test_objects_and_messages_are_counted_by_what_is_billed(
    client: Callable[[str], Any], emulator: TestEmulator
) -> None:
    s3, sqs, key = client("s3"), client("sqs"), uuid.uuid4().hex
    assert spent(lambda: s3.put_object(Bucket=DERIVED, Key=key, Body=b"four")) == {
        Quantity.S3_WRITES: 1,
        Quantity.S3_BYTES: 4,
    }
    assert spent(lambda: s3.get_object(Bucket=DERIVED, Key=key)) == {Quantity.S3_READS: 1}
    assert spent(lambda: s3.list_objects_v2(Bucket=DERIVED)) == {Quantity.S3_WRITES: 1}
    assert spent(lambda: s3.delete_object(Bucket=DERIVED, Key=key)) == {}
    assert spent(lambda: sqs.get_queue_attributes(QueueUrl=emulator.queue_url)) == {Quantity.SQS_REQUESTS: 1}
