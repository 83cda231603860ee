"""Lambda: every five minutes, documents that stand still are found and brought to move, or to an end."""

from typing import Any

from core import aws
from operations import health


def check_health(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda handler of the schedule, also for a call by hand; answers with what it found and did."""
    return health.check(aws.services()).as_dict()
