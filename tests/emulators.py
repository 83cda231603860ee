"""The AWS services alone, without anything deployed: tables and buckets as ``serverless.yml`` declares them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.settings import Settings
from local.emulator import ACCESS_KEY, SECRET_KEY, Emulator
from local.ports import free_port
from local.settings import REGION, StackSettings
from tests.declarations import declared

#: Setting that names a table → its logical id in serverless/tables.yml
TABLES = {
    "document_status_table": "DocumentStatusTable",
    "document_audit_table": "DocumentAuditTable",
    "document_parts_table": "DocumentPartsTable",
    "usage_table": "UsageTable",
    "websocket_connections_table": "WebSocketConnectionsTable",
}
SCHEMA = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode", "StreamSpecification")
UPLOADS, DERIVED = "amplify-rag-async-test-uploads", "amplify-rag-async-test-derived"
TEXT_QUEUE, VDR_QUEUE, UPLOADS_QUEUE = "test-text-rag-queue", "test-vdr-queue", "test-document-index-queue"
QUEUES = (TEXT_QUEUE, VDR_QUEUE, UPLOADS_QUEUE)
#: Setting that names a dead-letter queue → its name
DEAD_LETTER_QUEUES = {
    "text_rag_dead_letter_queue_url": "test-text-rag-dlq",
    "vdr_dead_letter_queue_url": "test-vdr-dlq",
    "rag_document_index_dead_letter_queue_url": "test-document-index-dlq",
}


@dataclass(frozen=True)
class TestEmulator:
    """A running emulator with this test run's tables, buckets and job queues."""

    emulator: Emulator
    queue_url: str  #: of text jobs
    vdr_queue_url: str
    uploads_queue_url: str
    dead_letter_queue_urls: Mapping[str, str]  #: by the setting that names each

    __test__ = False

    @classmethod
    def furnish(cls, emulator: Emulator) -> "TestEmulator":
        """Make what the functions expect to find."""
        for logical_id in TABLES.values():
            emulator.client("dynamodb").create_table(TableName=logical_id, **schema(logical_id))
        for bucket in (UPLOADS, DERIVED):
            emulator.client("s3").create_bucket(Bucket=bucket)
        create = emulator.client("sqs").create_queue
        text, visual, uploads = [create(QueueName=name)["QueueUrl"] for name in QUEUES]
        dead = {setting: create(QueueName=name)["QueueUrl"] for setting, name in DEAD_LETTER_QUEUES.items()}
        return cls(emulator, text, visual, uploads, dead)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that name all of it, by field."""
        return {
            **TABLES,
            "upload_buckets": UPLOADS,
            "derived_bucket": DERIVED,
            "text_rag_processing_queue_url": self.queue_url,
            "vdr_processing_queue_url": self.vdr_queue_url,
            "rag_document_index_queue_url": self.uploads_queue_url,
            **self.dead_letter_queue_urls,
        }

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables with which a process of its own finds the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.emulator.settings.aws_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


@contextmanager
def running(state: Path) -> Iterator[TestEmulator]:
    """An emulator on a free port, furnished, for as long as the block runs."""
    emulator = Emulator(StackSettings(state=state, aws_port=free_port()))
    try:
        emulator.start()
        yield TestEmulator.furnish(emulator)
    finally:
        emulator.stop()


def changes_of(emulator: TestEmulator, status_id: str) -> list[dict[str, Any]]:
    """The records of a document in the stream of the status table, as Lambda hands them to a function."""
    streams = emulator.emulator.client("dynamodbstreams")
    [stream] = streams.list_streams(TableName=TABLES["document_status_table"])["Streams"]
    [shard] = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    place = {"StreamArn": stream["StreamArn"], "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    page: dict[str, Any] = {"NextShardIterator": streams.get_shard_iterator(**place)["ShardIterator"]}
    records: list[dict[str, Any]] = []
    while "NextShardIterator" in page:
        page = streams.get_records(ShardIterator=page["NextShardIterator"])
        if not page["Records"]:
            break
        records += page["Records"]
    mine = [record for record in records if record["dynamodb"]["Keys"]["statusId"]["S"] == status_id]
    for record in mine:
        change = record["dynamodb"]
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return mine


def environment(settings: Settings, names: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables that stand for these settings."""
    return {name.upper(): str(getattr(settings, name)) for name in names}


def schema(logical_id: str) -> dict[str, Any]:
    properties = declared("serverless", "tables.yml")["Resources"][logical_id]["Properties"]
    known = {name: properties[name] for name in SCHEMA if name in properties}
    if "StreamSpecification" in known:
        known["StreamSpecification"] = {**known["StreamSpecification"], "StreamEnabled": True}
    return known
