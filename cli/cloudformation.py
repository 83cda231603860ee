"""The outputs of a deployed stack, read with the operator's own AWS credentials."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import UnreachableError


def outputs(stack: str) -> dict[str, str]:
    """Name and value of each output; raises UnreachableError when the stack can't be read."""
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise UnreachableError(f"cannot read stack {stack}: {error}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
