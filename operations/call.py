"""The call at hand: which operator calls, and with which services it is answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from core import http, logs, principals
from operations.services import OperationsServices

CONTEXT_KEY = "operation"


@dataclass(frozen=True)
class Call:
    """One request of an operator."""

    operator: str  #: the principal ``user:<sub>``
    services: OperationsServices

    @contextmanager
    def audited(self, operation: str, **what: Any) -> Iterator[dict[str, Any]]:
        """Log who did what, and what came of it as the block adds it, also when the block fails."""
        outcome: dict[str, Any] = {}
        about = {"operator": self.operator, "operation": operation, **what}
        try:
            yield outcome
        except BaseException as error:
            logs.warning("Operation failed", **about, **outcome, error_type=type(error).__name__)
            raise
        logs.info("Operation done", **about, **outcome)


def operator(event: Mapping[str, Any], group: str) -> str:
    """The principal of a caller who is an operator; raises HttpError for anybody else."""
    caller = http.caller(event)
    if principals.GROUP + group not in caller:
        message = f"Only members of the group {group} may do this."
        raise http.HttpError(HTTPStatus.FORBIDDEN, "not_an_operator", message)
    return caller[0]


def current(router: BaseRouter) -> Call:
    """The call that the router is answering."""
    call: Call = router.context[CONTEXT_KEY]
    return call
