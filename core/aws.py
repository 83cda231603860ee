"""AWS clients and what is built on them: made once in a process, on first use, so that importing needs nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.blobs import Blobs
from core.errors import SettingsError, TransientError
from core.queues import Queues
from core.settings import Settings, settings
from core.status_store import StatusStore

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

CONFIG = Config(retries={"mode": "adaptive", "max_attempts": 5}, connect_timeout=5, read_timeout=60)
#: Forms must be signed with version 4 and name the bucket's own host; boto3's defaults for some regions do neither
S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


@dataclass(frozen=True)
class Services:
    """What handlers and pipelines need of the outside."""

    settings: Settings
    statuses: StatusStore
    blobs: Blobs
    queues: Queues
    database: Callable[[], "Connection"]  #: this process's connection, reopened when it broke


@cache
def services() -> Services:
    """The services that this process's settings describe."""
    configured = settings()
    return Services(
        settings=configured,
        statuses=status_store(),
        blobs=blobs(),
        queues=Queues(
            client("sqs"),
            {"text": configured.text_rag_processing_queue_url, "visual": configured.vdr_processing_queue_url},
        ),
        database=database,
    )


@cache
def client(name: str) -> Any:
    """The boto3 client of a service."""
    return boto3.client(name, config=S3_CONFIG if name == "s3" else CONFIG)  # type: ignore[call-overload]


@cache
def socket_client() -> Any:
    """The client that pushes to WebSocket connections."""
    endpoint = settings().need("websocket_api_endpoint")
    quick = Config(
        retries={"mode": "standard", "max_attempts": 2}, connect_timeout=1, read_timeout=3, max_pool_connections=32
    )
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=quick)


def invoke_json(function: str, payload: Mapping[str, Any]) -> Any:
    """What a Lambda function answers to a direct call; raises TransientError when it fails or cannot be reached."""
    try:
        answer = _lambda_client().invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise TransientError(f"function {function} failed")
        return json.loads(body)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise TransientError(f"function {function} gave no answer ({type(error).__name__})") from error


@cache
def _lambda_client() -> Any:
    # A caller waits behind this: no longer than the HTTP API does, and a second try would come too late
    waiting = Config(retries={"mode": "standard", "max_attempts": 1}, connect_timeout=3, read_timeout=25)
    return boto3.client("lambda", config=waiting)


@cache
def blobs() -> Blobs:
    """The objects in S3."""
    return Blobs(client("s3"), settings().derived_bucket)


@cache
def status_store() -> StatusStore:
    """The document states."""
    return StatusStore(client("dynamodb"), settings())


_connections: "dict[bool, Connection]" = {}


def database(read_only: bool = False) -> "Connection":
    """This process's database connection, for writing or for reading; a broken one is replaced.

    One of each an execution environment is enough, as Lambda runs one call at a time.
    """
    from core import database as postgres  # noqa: PLC0415  the entry runs without PostgreSQL's driver

    if read_only not in _connections or _connections[read_only].closed:
        secret = settings().rag_postgres_db_secret
        password = partial(secret_field, secret, "password") if secret else None
        _connections[read_only] = postgres.connect(settings(), password, read_only=read_only)
    return _connections[read_only]


def secret_field(secret_name: str, field: str) -> str:
    """One field of a JSON secret; raises SettingsError when the secret lacks it."""
    text = client("secretsmanager").get_secret_value(SecretId=secret_name)["SecretString"]
    try:
        return str(json.loads(text)[field])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"secret {secret_name} has no field {field}") from error
