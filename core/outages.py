"""Outages: which errors of AWS are the world's fault and pass by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from core.errors import TransientError

#: Error codes that mean "not now"; see "Error retries and exponential backoff" in the AWS guides
PASSING = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def is_passing(error: ClientError) -> bool:
    """Whether the same call may well succeed a little later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response.get("Error", {}).get("Code", "") in PASSING


@contextmanager
def outage() -> Iterator[None]:
    """Raise TransientError for what passes by itself and leave other errors as they are."""
    try:
        yield
    except ClientError as error:
        if not is_passing(error):
            raise
        raise TransientError(f"AWS answered {error.response['Error']['Code']}") from error
    except BotoCoreError as error:  # no connection, no answer in time
        raise TransientError(f"AWS cannot be reached: {type(error).__name__}") from error
