"""The region that the shell names, for programs that somebody starts in one."""

import os


def follow_shell() -> None:
    """Let boto3, which reads AWS_DEFAULT_REGION alone, follow AWS_REGION, as the framework and the guides do."""
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region
