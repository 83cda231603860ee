"""Metrics: log lines from which CloudWatch makes metrics by itself.

The format is that of the "Embedded Metric Format specification" in the CloudWatch guide: no call, no right needed.
"""

import json
import sys
import time
from collections.abc import Mapping

from core.settings import settings

NAMESPACE = "AmplifyRag"
MOST_METRICS = 100  #: of one line


def put(values: Mapping[str, float], *, unit: str = "Count", **dimensions: str) -> None:
    """Emit metrics with these dimensions, and the stage; raises ValueError for more than a line may have."""
    if len(values) > MOST_METRICS:
        raise ValueError(f"{len(values)} metrics do not fit one line")
    known = {"Stage": settings().stage, **dimensions}
    metrics = [{"Name": name, "Unit": unit} for name in values]
    description = {"Namespace": NAMESPACE, "Dimensions": [sorted(known)], "Metrics": metrics}
    line = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [description]}, **known, **values}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
