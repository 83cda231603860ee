"""The description of operators' routes, beside the one of everybody's."""

import json
from functools import cache
from http import HTTPStatus
from typing import cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.openapi import describe

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

TITLE = "Amplify RAG Async: operations"
ABOUT = """What operators do: messages that failed for good are listed, sent again or discarded; what a month
has cost is summed up by owner.

Every route but this one needs the token of a member of the operators' group; others get 403 `not_an_operator`."""
ROUTE_KEY = "GET /v2/operations/openapi.json"  #: as API Gateway names the one route that needs no token


@router.get(
    "/v2/operations/openapi.json",
    tags=["description"],
    summary="Describe operators' routes",
    operation_id="getOperationsOpenapi",
    cache_control="public, max-age=300",
)
def get_openapi() -> Response[str]:
    """This document, in OpenAPI 3.1. Needs no token."""
    return Response(HTTPStatus.OK, "application/json", _document(cast(APIGatewayHttpResolver, router.api_resolver)))


@cache
def _document(app: APIGatewayHttpResolver) -> str:
    return json.dumps(describe(app, (), title=TITLE, about=ABOUT), ensure_ascii=False, separators=(",", ":"))
