"""The API with real stores: DynamoDB and S3 in the emulator, PostgreSQL beside it."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from psycopg2.extensions import connection

from api.handler import answer
from api.services import ApiServices
from api.upload_forms import UploadForms
from core.blobs import Blobs
from core.settings import Settings
from core.usage_rates import RateLimits
from tests.databases import TestDatabase
from tests.emulators import TestEmulator
from tests.services import services_over
from websocket.connections import Connections

EVENTS = Path(__file__).resolve().parents[1] / "events"


@dataclass(frozen=True)
class Reply:
    """What the API answered."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Caller:
    """A user of the API."""

    services: ApiServices
    groups: tuple[str, ...] = ()
    subject: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def principal(self) -> str:
        return f"user:{self.subject}"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        """One request, as API Gateway hands it on; a body that is text is sent as it is."""
        event = json.loads((EVENTS / "http_upload.json").read_text())
        event["rawPath"] = path
        event["headers"]["content-type"] = content_type
        event["requestContext"]["http"] |= {"method": method, "path": path}
        claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
        claims |= {"sub": self.subject, "cognito:groups": f"[{' '.join(self.groups)}]"}
        event["queryStringParameters"] = query or {}
        event["rawQueryString"] = "&".join(f"{name}={value}" for name, value in (query or {}).items())
        event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
        return reply(event, self.services)


def reply(event: dict[str, Any], services: ApiServices) -> Reply:
    """The API's answer to an event."""
    answered = answer(event, None, services)  # type: ignore[arg-type]
    return Reply(answered["statusCode"], json.loads(answered["body"]), answered["headers"])


@pytest.fixture
def open_connection(database: TestDatabase) -> Iterator[connection]:
    """A connection as the application role."""
    opened = database.connect()
    yield opened
    opened.close()


@pytest.fixture
def services(emulator: TestEmulator, request: pytest.FixtureRequest) -> ApiServices:
    """Real stores, with a limit on uploads that a test can reach; the database is made when it is first needed."""
    settings = Settings(**emulator.settings, max_upload_bytes=1000)
    return services_with(settings, emulator, lambda: request.getfixturevalue("open_connection"))


def services_with(settings: Settings, emulator: TestEmulator, database: Callable[[], connection]) -> ApiServices:
    """The API's services for these settings."""
    client = signing_client(emulator)
    services = replace(services_over(emulator, settings, database), blobs=Blobs(client, settings.derived_bucket))
    dynamodb = emulator.emulator.client("dynamodb")
    connections = Connections(dynamodb, settings.websocket_connections_table)
    return ApiServices.of(services, UploadForms(client), RateLimits(dynamodb, settings), connections)


def signing_client(emulator: TestEmulator) -> Any:
    """A client of S3 that signs by version 4, as the deployed one does."""
    return boto3.client(
        "s3",
        endpoint_url=emulator.variables["AWS_ENDPOINT_URL"],
        region_name=emulator.variables["AWS_REGION"],
        aws_access_key_id=emulator.variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator.variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4"),
    )


@pytest.fixture
def caller(services: ApiServices) -> Caller:
    """A user that nobody knows yet."""
    return Caller(services)
