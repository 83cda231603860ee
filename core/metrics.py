"""Metrics: log lines from which CloudWatch makes metrics by itself.

The format is that of the "Embedded Metric Format specification" in the CloudWatch guide: no call, no right needed.
Every name is listed here, so that the dashboard and the alarms can be held against what is really written. Each
combination of a name with its dimensions costs money every month: hence few of both.
"""

import json
import sys
import time
from collections.abc import Mapping

from core.settings import settings

NAMESPACE = "AmplifyRag"

#: Every metric and its unit, as CloudWatch calls it. All carry the dimension Stage, some another one
UNITS: Mapping[str, str] = {
    # Documents that ended well, by pipeline_type
    "IngestedDocuments": "Count",
    "IngestedPages": "Count",
    "MissedPages": "Count",  # gaps of these documents
    "ProcessingDuration": "Milliseconds",  # from the entry to the end
    "DocumentCostUSD": "None",
    # Documents that did not
    "FailedDocuments": "Count",  # by our fault, or that of what we run on; they can be retried
    "RefusedDocuments": "Count",  # by their own: damaged, encrypted, over a limit …
    # Steps on the way
    "AcceptedDocuments": "Count",
    "EntryDuration": "Milliseconds",
    "PartDuration": "Milliseconds",  # of a part that was finished, by pipeline_type
    "FailedChunks": "Count",  # that a try could not embed or store
    "FailedDeliveries": "Count",  # of queue messages, which come again, by QueueName
    "DatabaseErrors": "Count",  # outages and conflicts that PostgreSQL answered with
    # Search
    "QueryDuration": "Milliseconds",
    "FailedQueries": "Count",
    # Sockets
    "SocketsOpened": "Count",
    "SocketsClosed": "Count",
    "SocketsRefused": "Count",
    "ChangesPushed": "Count",
    "ChangesUnsent": "Count",  # they are delivered again
    # What the schedules find
    "StaleDocuments": "Count",
    "ResumedDocuments": "Count",
    "GivenUpDocuments": "Count",
    "OutdatedDocuments": "Count",  # made by another pipeline than today's
}


def put(values: Mapping[str, float], **dimensions: str) -> None:
    """Emit metrics with these dimensions, and the stage; raises ValueError for a name that is not in ``UNITS``."""
    if unknown := values.keys() - UNITS.keys():
        raise ValueError(f"no such metric: {', '.join(sorted(unknown))}")
    known = {"Stage": settings().stage, **dimensions}
    metrics = [{"Name": name, "Unit": UNITS[name]} for name in values]
    description = {"Namespace": NAMESPACE, "Dimensions": [sorted(known)], "Metrics": metrics}
    line = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [description]}, **known, **values}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
