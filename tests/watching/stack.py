"""What the stack watches: its dashboard and alarms as they are deployed, and the metrics that they read."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.declarations import ROOT

BUILD = """
const [stage] = process.argv.slice(1);
const { body } = require('./serverless/dashboard.js');
const { alarms } = require('./serverless/alarms.js');
process.stdout.write(JSON.stringify({ dashboard: body(stage), alarms: alarms(stage) }));
"""
REGION = "eu-central-1"


@dataclass(frozen=True)
class Read:
    """A metric that a dashboard or an alarm reads."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def watching(stage: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The dashboard, and the properties of the alarms by their logical ids."""
    done = subprocess.run(["node", "-e", BUILD, stage], cwd=ROOT, capture_output=True, check=True)  # noqa: S603, S607
    found = json.loads(done.stdout)
    dashboard = json.loads(found["dashboard"].replace("${AWS::Region}", REGION))
    return dashboard, {name: alarm["Properties"] for name, alarm in found["alarms"].items()}


def on_dashboard(dashboard: dict[str, Any]) -> Iterator[Read]:
    """The metrics of a dashboard; ``[namespace, name, dimension, value, …, options]``, expressions aside."""
    for widget in dashboard["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            words = [word for word in metric if isinstance(word, str)]
            if words:
                yield Read(words[0], words[1], tuple(zip(words[2::2], words[3::2], strict=True)))


def of_alarm(properties: dict[str, Any]) -> Iterator[Read]:
    """The metrics of an alarm."""
    queries = [query["MetricStat"]["Metric"] for query in properties.get("Metrics", []) if "MetricStat" in query]
    for metric in queries or [properties]:
        pairs = tuple((each["Name"], each["Value"]) for each in metric["Dimensions"])
        yield Read(metric["Namespace"], metric["MetricName"], pairs)
