"""A stage in the emulator as far as triggers go: its three consumers with their queues, and an older system beside it.

The entry is the real one, run from the checkout; the workers take what comes and do nothing.
"""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app
from core.settings import Settings
from core.status_store import StatusStore
from local.settings import ROOT
from tests.emulators import UPLOADS, TestEmulator, environment

#: Runs the checkout's entry; nothing is packed
ENTRY = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from rag.async_processor import async_document_processor as handler
"""
IDLE = """
def handler(event, context):
    return {"batchItemFailures": []}
"""
#: What the older system does with an upload: leave a sign that it has seen it
OLDER = """
import json
import boto3
def handler(event, context):
    for message in event["Records"]:
        for record in json.loads(message["body"]).get("Records", []):
            place = {"Bucket": record["s3"]["bucket"]["name"], "Key": "seen/" + record["s3"]["object"]["key"]}
            boto3.client("s3").put_object(Body=b"", **place)
"""
STACK = "amplify-rag-async-local"
ENTRY_FUNCTION = f"{STACK}-async_document_processor"
TEXT_FUNCTION = f"{STACK}-text_rag_processor"
OLDER_FUNCTION = "amplify-rag-dev-process_document_for_rag"
SETTINGS = {
    "BatchSize": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 2},
}
PATIENCE_SECONDS = 20.0
ON = dict.fromkeys(("entry", "text", "visual", "older"), "Enabled")
OFF = dict.fromkeys(ON, "Disabled") | {"older": "Enabled"}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass
class Triggered:
    """The stage "local" and the older system, both in a shared emulator."""

    emulator: TestEmulator
    folder: Path
    role: str = ""
    queues: dict[str, str] = field(default_factory=dict)  #: what is triggered → ARN of its queue
    triggers: dict[str, str] = field(default_factory=dict)  #: what is triggered → id of the trigger
    undo: list[Callable[[], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = self.emulator.emulator.client
        self.lambdas, self.sqs, self.s3, self.ssm = map(client, ("lambda", "sqs", "s3", "ssm"))
        self.bucket = f"older-{uuid.uuid4().hex[:8]}"  #: whose uploads the older system processes
        self.settings = Settings(**self.emulator.settings | {"upload_buckets": f"{UPLOADS},{self.bucket}"})

    def build(self) -> None:
        """Make all of it; ``remove`` takes it away."""
        roles = self.emulator.emulator.client("iam")
        self.role = roles.create_role(RoleName="triggered", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        roles.put_role_policy(RoleName="triggered", PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
        self.undo.append(lambda: roles.delete_role(RoleName="triggered"))
        self.undo.append(lambda: roles.delete_role_policy(RoleName="triggered", PolicyName="all"))
        self.s3.create_bucket(Bucket=self.bucket)
        names = {*self.emulator.settings, "upload_buckets"}
        variables = environment(self.settings, dict.fromkeys(names)) | {"STAGE": "local"}
        for part, function, queue, code in (
            ("entry", ENTRY_FUNCTION, f"{STACK}-document-index-queue", ENTRY),
            ("text", TEXT_FUNCTION, f"{STACK}-text-rag-queue", IDLE),
            ("visual", f"{STACK}-vdr_processor", f"{STACK}-vdr-queue", IDLE),
            ("older", OLDER_FUNCTION, f"older-{uuid.uuid4().hex[:8]}", OLDER),
        ):
            self.make_function(function, code, variables)
            self.queues[part] = self.make_queue(queue)
            self.triggers[part] = self.make_trigger(function, self.queues[part])
        self.announce_uploads(self.queues["older"])

    def make_function(self, name: str, code: str, variables: dict[str, str]) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("shim.py", code)
        self.lambdas.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.role,
            Handler="shim.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=20,
            Environment={"Variables": variables},
        )
        self.undo.append(lambda: self.lambdas.delete_function(FunctionName=name))

    def make_queue(self, name: str) -> str:
        """A queue's ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
        self.undo.append(lambda: self.sqs.delete_queue(QueueUrl=url))
        return str(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])

    def make_trigger(self, function: str, queue: str, **settings: Any) -> str:
        """The id of a trigger by a queue's ARN."""
        made = self.lambdas.create_event_source_mapping(
            FunctionName=function, EventSourceArn=queue, **(SETTINGS | settings)
        )
        return str(made["UUID"])

    def turn(self, part: str, *, on: bool) -> None:
        """Enable or disable a part's trigger past the commands."""
        self.lambdas.update_event_source_mapping(UUID=self.triggers[part], Enabled=on)

    def put(self, name: str, text: str) -> None:
        """Write a parameter of the stage past the commands."""
        self.ssm.put_parameter(Name=f"/amplify/local/rag/{name}", Value=text, Type="String", Overwrite=True)

    def announce_uploads(self, queue: str) -> None:
        """Have S3 tell the queue of new objects, as the older system's bucket does."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:*:*:{self.bucket}"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url(queue), Attributes={"Policy": policy})
        filtered = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "ann/"}]}}
        told = {"QueueArn": queue, "Events": ["s3:ObjectCreated:*"], "Filter": filtered}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"QueueConfigurations": [told]}
        )

    def url(self, queue: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"])

    def upload(self, name: str) -> str:
        """Upload a file to the older system's bucket; its key."""
        key = f"ann/{name}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"The ferry leaves at nine.")
        return key

    def taken_by(self, key: str) -> str:
        """Which system took an upload: "old" or "new"; waits for it."""
        statuses = StatusStore(self.emulator.emulator.client("dynamodb"), self.settings)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if statuses.get(f"{self.bucket}#{key}") is not None:
                return "new"
            if self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"seen/{key}").get("Contents"):
                return "old"
            time.sleep(0.1)
        raise AssertionError(f"nobody took {key}")

    def waiting(self, queue: str) -> int:
        """How many messages of a queue nobody has received."""
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def mappings(self, function: str) -> dict[str, dict[str, Any]]:
        """The triggers of a function by their queues' ARNs, as Lambda describes them."""
        found = self.lambdas.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        return {mapping["EventSourceArn"]: mapping for mapping in found}

    def states(self) -> dict[str, str]:
        """The state of each trigger that was made with the stage."""
        return {
            part: self.lambdas.get_event_source_mapping(UUID=trigger)["State"]
            for part, trigger in self.triggers.items()
        }

    def parameter(self, name: str) -> Any:
        """The JSON of a parameter of the stage; None when there is none."""
        try:
            return json.loads(self.ssm.get_parameter(Name=f"/amplify/local/rag/{name}")["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return None

    def remove(self) -> None:
        for function in (ENTRY_FUNCTION, OLDER_FUNCTION, *(f"{STACK}-{key}" for key in WORKERS)):
            for mapping in self.mappings(function).values():
                self.lambdas.delete_event_source_mapping(UUID=mapping["UUID"])
        for step in reversed(self.undo):
            step()
        self.forget()

    def forget(self) -> None:
        """Remove the stage's parameters."""
        self.ssm.delete_parameters(Names=["/amplify/local/rag/flags", "/amplify/local/rag/takeover"])


WORKERS = ("text_rag_processor", "vdr_processor")


def run(stage: Triggered, *arguments: str, exit_code: int = 0) -> Result:
    """What a command of the stage's operator prints."""
    result = CliRunner().invoke(app, [*arguments, "--endpoints", str(stage.folder / "endpoints.json")])
    assert result.exit_code == exit_code, result.output
    return result


def answer(stage: Triggered, *arguments: str, exit_code: int = 0) -> Any:
    """The JSON that it prints."""
    return json.loads(run(stage, *arguments, "--json", exit_code=exit_code).stdout)
