"""Lambda: operators' HTTP requests in, answers out."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from api.application import require_json
from core import http
from operations import call, description
from operations.app import app
from operations.services import OperationsServices, services


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda handler for API Gateway's HTTP API, payload version 2."""
    return answer(event, context, services())


def answer(event: dict[str, Any], context: LambdaContext, services: OperationsServices) -> dict[str, Any]:
    """Answer one request with these services; nobody but operators gets past here, but for the description."""
    try:
        require_json(event)
        if event.get("routeKey") != description.ROUTE_KEY:
            operator = call.operator(event, services.settings.operator_group)
            app.append_context(**{call.CONTEXT_KEY: call.Call(operator, services)})  # type: ignore[no-untyped-call]
    except http.HttpError as error:
        return http.refusal(event, error)
    return app.resolve(event, context)
