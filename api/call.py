"""The call at hand: who calls, and with which services it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from api import problems
from api.identity import identity
from api.services import ApiServices
from core import http
from core.status import DocumentStatus

CONTEXT_KEY = "call"


@dataclass(frozen=True)
class Call:
    """One request, as far as routes need more of it than their typed parameters."""

    event: Mapping[str, Any]
    services: ApiServices

    @property
    def principals(self) -> tuple[str, ...]:
        """The caller's own principal, then its groups; raises HttpError when no verified token came with the call."""
        return http.caller(self.event)

    def document(self, segment: str) -> DocumentStatus:
        """The document that a segment of the path names; raises HttpError unless it is one of the caller's."""
        status = self.services.statuses.resolve(identity(segment))
        if status is None or status.owner not in self.principals:
            raise problems.document_not_found()
        return status


def current(router: BaseRouter) -> Call:
    """The call that the router is answering."""
    call: Call = router.context[CONTEXT_KEY]
    return call
