"""Outages: which errors of AWS are the world's fault and pass by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from core.errors import TransientError

#: Error codes that mean "not now"; see "Error retries and exponential backoff" in the AWS guides
PASSING = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

#: The same for the items of a transaction that DynamoDB cancelled
PASSING_REASONS = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"})


def is_passing(error: ClientError) -> bool:
    """Whether the same call may well succeed a little later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])} - {"None"}
    if reasons:  # of a transaction's items
        return reasons <= PASSING_REASONS
    return status >= 500 or is_passing_code(error.response.get("Error", {}).get("Code", ""))


def is_passing_code(code: str) -> bool:
    """Whether an error code, of a call or of one item of it, means "not now"."""
    return code in PASSING


@contextmanager
def outage() -> Iterator[None]:
    """Raise TransientError for what passes by itself and leave other errors as they are."""
    try:
        yield
    except ClientError as error:
        if not is_passing(error):
            raise
        raise TransientError(f"AWS answered {error.response['Error']['Code']}") from error
    except ParamValidationError:  # the call was wrong, and will be
        raise
    except BotoCoreError as error:  # no connection, no answer in time
        raise TransientError(f"AWS cannot be reached: {type(error).__name__}") from error
