"""What the HTTP routes need of the outside."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from api.upload_forms import UploadForms
from core import aws
from core.usage_rates import RateLimits
from websocket.connections import Connections


@dataclass(frozen=True, kw_only=True)
class ApiServices(aws.Services):
    """The services of every handler, the forms that clients upload with, rates of asking for one, and the sockets."""

    forms: UploadForms
    rates: RateLimits
    connections: Connections

    @classmethod
    def of(cls, services: aws.Services, forms: UploadForms, rates: RateLimits, connections: Connections) -> Self:
        """The shared services with those of the API added."""
        return cls(**vars(services), forms=forms, rates=rates, connections=connections)


@cache
def services() -> ApiServices:
    """The services that this process's settings describe."""
    shared = aws.services()
    connections = Connections(aws.client("dynamodb"), shared.settings.need("websocket_connections_table"))
    return ApiServices.of(shared, UploadForms(aws.client("s3")), aws.rate_limits(), connections)
