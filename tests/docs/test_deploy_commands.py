"""docs/deploy.md by its word: each of its commands is run against an emulator of its own, or listed as not run.

So the stage `dev` of serverless.yml, as it is packaged for AWS, is deployed here, and then looked at.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.emulator import Emulator
from local.migrate import create_database
from local.ports import free_port
from local.postgres import PostgresServer
from local.settings import DATABASE, ROOT, StackSettings
from tests.databases import TestServer
from tests.declarations import declared
from tests.docs.deployment import STAGE, Deployment
from tests.docs.documents import other_code, rows, section, shell_blocks

TEXT = (ROOT / "docs" / "deploy.md").read_text("utf-8")
NOT_RUN = {row[0].strip("`"): row[1] for row in rows(section(TEXT, "Not run here")) if row[0].startswith("`")}
BLOCKS = [block for block in shell_blocks(TEXT) if block.strip() not in NOT_RUN]
REMOVING = next(block for block in BLOCKS if "serverless remove" in block)
LAST = BLOCKS[BLOCKS.index(REMOVING) - 1]  #: after it the stage stands
STACK = f"amplify-rag-async-{STAGE}"


def name(block: str) -> str:
    return block.strip().splitlines()[0][:60]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An empty account and an empty database, both of this module's own."""
    folder = tmp_path_factory.mktemp("deployment")
    server = PostgresServer(folder / "postgres", free_port(), durable=False)
    emulator = Emulator(StackSettings(state=folder / "emulator", aws_port=free_port()))
    (folder / "home").mkdir()
    try:
        postgres = TestServer(server, server.start())
        create_database(postgres.dsn("postgres"), DATABASE)
        emulator.start()
        yield Deployment(emulator, postgres, folder / "home", BLOCKS)
    finally:
        emulator.stop()
        server.destroy()


@pytest.fixture
def stage(deployment: Deployment) -> Deployment:
    """The stage as the document leaves it before it is removed."""
    deployment.run(LAST)
    return deployment


def test_every_command_is_run_or_listed_as_not_run() -> None:
    assert set(NOT_RUN) <= {block.strip() for block in shell_blocks(TEXT)}
    assert all(NOT_RUN.values())
    assert other_code(TEXT) == []


@pytest.mark.parametrize("block", BLOCKS[: BLOCKS.index(REMOVING)], ids=name)
def test_a_command_works(deployment: Deployment, block: str) -> None:
    done = deployment.run(block)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_document_is_found_and_the_stores_agree(stage: Deployment) -> None:
    def said(words: str) -> str:
        return stage.run(next(block for block in BLOCKS if words in block)).stdout

    assert "1 ready" in said("amplify-rag upload")
    assert "summer-timetable.html" in said("amplify-rag query")
    assert "Processing completed" in said("serverless logs")
    assert f"{STACK}-text_rag_processor" in said("serverless info")


def test_the_whole_stack_stands(stage: Deployment) -> None:
    cloudformation = stage.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    states = {
        item["LogicalResourceId"]: item["ResourceStatus"] for page in pages for item in page["StackResourceSummaries"]
    }
    assert {state for state in states.values() if not state.endswith("_COMPLETE")} == set()


def test_every_trigger_is_bounded_and_reports_single_messages(stage: Deployment) -> None:
    parameters = declared("serverless", "params.yml")["default"]
    bounds = {
        "async_document_processor": "entries",
        "text_rag_processor": "textWorkers",
        "vdr_processor": "visualWorkers",
    }
    found: dict[str, Any] = {}
    for mapping in stage.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        if ":sqs:" in mapping["EventSourceArn"]:
            function = mapping["FunctionArn"].rpartition(f"{STACK}-")[2]
            found[function] = mapping["ScalingConfig"]["MaximumConcurrency"]
    assert found == {function: parameters[bound] for function, bound in bounds.items()}


def test_it_is_watched(stage: Deployment) -> None:
    cloudwatch = stage.client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {f"{STACK}-{queue}-dlq-messages" for queue in ("document-index", "text-rag", "vdr")} <= {
        a["AlarmName"] for a in alarms
    }
    assert all(len(alarm["AlarmActions"]) == 1 for alarm in alarms)
    assert json.loads(cloudwatch.get_dashboard(DashboardName=STACK)["DashboardBody"])["widgets"]
    retentions = {
        group["logGroupName"]: group.get("retentionInDays")
        for group in stage.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}")["logGroups"]
    }
    assert set(retentions) == {f"/aws/lambda/{STACK}-{key}" for key in declared("serverless.yml")["functions"]}
    assert set(retentions.values()) == {declared("serverless", "params.yml")["default"]["logRetentionDays"]}


def test_a_web_page_finds_what_it_needs(stage: Deployment) -> None:
    [stack] = stage.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    ssm = stage.client("ssm")
    for output, parameter, *_ in rows(section(TEXT, "For a web page")):
        for one, other in zip(output.split(", "), parameter.split(", "), strict=True):
            if one == "output":
                continue
            value = ssm.get_parameter(Name=f"/amplify/{STAGE}/{other.strip('`')}")["Parameter"]["Value"]
            assert value == outputs[one.strip("`")]


def test_it_is_removed_and_says_what_is_left(deployment: Deployment) -> None:
    done = deployment.run(REMOVING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"S3::Bucket {STACK}-uploads-000000000000: kept as it is" in done.stdout + done.stderr
    assert deployment.client("lambda").list_functions()["Functions"] == []
