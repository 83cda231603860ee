"""Lambda: the HTTP API's requests in, answers out; all routes but search and ``POST /v2/process-document``."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.app import app
from api.application import require_json
from api.call import CONTEXT_KEY, Call
from api.services import ApiServices, services
from core import http


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda handler for API Gateway's HTTP API, payload version 2."""
    return answer(event, context, services())


def answer(event: dict[str, Any], context: LambdaContext, services: ApiServices) -> dict[str, Any]:
    """Answer one request with these services."""
    try:
        require_json(event)
    except http.HttpError as error:
        return http.refusal(event, error)
    app.append_context(**{CONTEXT_KEY: Call(event, services)})  # type: ignore[no-untyped-call]
    return app.resolve(event, context)
