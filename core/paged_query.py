"""Paged queries: all items that a DynamoDB query finds, however many answers that takes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.outages import outage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def items(client: "DynamoDBClient", query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The items in order; the next page is asked for when it is needed. Raises TransientError in an outage."""
    asked = dict(query)
    while True:
        with outage():
            answer = client.query(**asked)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
