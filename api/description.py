"""The description of all HTTP routes, for people and for generators of clients."""

import json
from functools import cache
from http import HTTPStatus
from typing import cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.openapi import describe, other_routes

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get(
    "/v2/openapi.json",
    tags=["description"],
    summary="Describe this API",
    operation_id="getOpenapi",
    cache_control="public, max-age=300",
)
def get_openapi() -> Response[str]:
    """This document, in OpenAPI 3.1. Needs no token."""
    return Response(HTTPStatus.OK, "application/json", _document(cast(APIGatewayHttpResolver, router.api_resolver)))


@cache
def _document(app: APIGatewayHttpResolver) -> str:
    return json.dumps(describe(app, other_routes()), ensure_ascii=False, separators=(",", ":"))
