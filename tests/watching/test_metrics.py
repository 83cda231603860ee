"""Dashboard and alarms read what is there: metrics that the code writes, of queues, tables and functions that exist."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from core.jobs import PIPELINES
from core.metrics import NAMESPACE, UNITS, put
from tests.declarations import ROOT, declared, functions
from tests.watching.stack import REGION, Read, of_alarm, on_dashboard, watching

STAGE = "trial"
PREFIX = f"amplify-rag-async-{STAGE}-"
DEPLOYED = ("core", "rag", "vdr", "search", "websocket", "api", "operations")
DASHBOARD, ALARMS = watching(STAGE)
READ = {*on_dashboard(DASHBOARD), *(read for alarm in ALARMS.values() for read in of_alarm(alarm))}


def written() -> Iterator[tuple[str, frozenset[str]]]:
    """Each metric that some deployed code writes, with the names of its dimensions."""
    for file in sorted(path for package in DEPLOYED for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "metrics.put":
                values = node.args[0]
                assert isinstance(values, ast.Dict), f"{file}: the names of metrics stand in the call"
                dimensions = frozenset({"Stage", *(str(keyword.arg) for keyword in node.keywords)})
                yield from ((ast.literal_eval(key), dimensions) for key in values.keys if key)


def test_what_is_read_is_written_with_these_dimensions() -> None:
    read = {(each.name, frozenset(dict(each.dimensions))) for each in READ if each.namespace == NAMESPACE}
    assert read - set(written()) == set()


def test_every_known_metric_is_written_and_read() -> None:
    assert {name for name, _dimensions in written()} == set(UNITS)
    assert {each.name for each in READ if each.namespace == NAMESPACE} == set(UNITS)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="IngestedDocument"):
        put({"IngestedDocument": 1})


@cache
def existing() -> dict[str, set[str]]:
    """What a dimension may be called in this stage."""

    def names(file: str, kind: str) -> set[str]:
        resources = declared("serverless", file)["Resources"].values()
        found = (item["Properties"].get(kind, "") for item in resources)
        return {name.replace("${self:service}-${sls:stage}-", PREFIX) for name in found if name}

    return {
        "Stage": {STAGE},
        "pipeline_type": set(PIPELINES.values()),
        "QueueName": names("queues.yml", "QueueName"),
        "TableName": names("tables.yml", "TableName"),
        "FunctionName": {PREFIX + key for key in functions()},
    }


@pytest.mark.parametrize("read", sorted(READ, key=str), ids=lambda read: f"{read.name}-{read.dimensions[-1][1]}")
def test_what_is_watched_exists(read: Read) -> None:
    for name, value in read.dimensions:
        assert value in existing()[name]


def test_nothing_of_another_stage_or_region_is_left() -> None:
    text = json.dumps([DASHBOARD, ALARMS])
    assert "-dev" not in text
    assert "us-east-1" not in text
    assert REGION in text


def test_the_importable_dashboard_is_the_deployed_one() -> None:
    importable = ROOT.joinpath("monitoring", "cloudwatch-dashboard.json").read_text()
    deployed, _alarms = watching("dev")
    assert json.loads(importable.replace("us-east-1", REGION)) == deployed


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_somebody_and_knows_what_silence_means(name: str) -> None:
    alarm: dict[str, Any] = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["TreatMissingData"] == ("breaching" if name == "HealthSilentAlarm" else "notBreaching")
    assert alarm["AlarmDescription"]
    shown = [query for query in alarm.get("Metrics", []) if query["ReturnData"]]
    assert len(shown) == (1 if "Metrics" in alarm else 0)


def test_what_to_do_is_said_for_each_alarm_and_no_other() -> None:
    told = (ROOT / "docs" / "watching.md").read_text().partition("## Alarms and what to do")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    named = {PREFIX + name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named == {alarm["AlarmName"] for alarm in ALARMS.values()}
