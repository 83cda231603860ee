"""AWS clients and what is built on them: made once in a process, on first use, so that importing needs nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.blobs import Blobs
from core.cost import consumption
from core.cost.ledger import Ledger
from core.errors import SettingsError, TransientError
from core.flags import FlagReader, Flags
from core.outages import outage
from core.part_table import PartTable
from core.queues import Queues
from core.settings import Settings, settings
from core.socket_client import SocketClient
from core.status_store import StatusStore
from core.usage_rates import RateLimits

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

CONNECT_TIMEOUT_SECONDS = 2
#: Forms must be signed with version 4 and name the bucket's own host; boto3's defaults for some regions do neither
S3_CONFIG = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


@dataclass(frozen=True)
class Services:
    """What handlers and pipelines need of the outside."""

    settings: Settings
    statuses: StatusStore
    parts: PartTable
    blobs: Blobs
    queues: Queues
    ledger: Ledger
    database: Callable[[], "Connection"]  #: this process's connection, reopened when it broke
    flags: Callable[[], Flags]  #: what operators have switched


@cache
def services() -> Services:
    """The services that this process's settings describe."""
    configured = settings()
    return Services(
        settings=configured,
        statuses=status_store(),
        parts=PartTable(client("dynamodb"), configured),
        blobs=blobs(),
        queues=Queues(client("sqs"), configured),
        ledger=Ledger(client("dynamodb"), configured),
        database=database,
        flags=flags(),
    )


@cache
def client(name: str) -> Any:
    """The boto3 client of a service; what its requests cost is counted."""
    patience = _patience(settings())
    config = patience.merge(S3_CONFIG) if name == "s3" else patience
    return consumption.watched(boto3.client(name, config=config))  # type: ignore[call-overload]


def _patience(configured: Settings) -> Config:
    """How long calls may take: where somebody waits, all tries of one together end before API Gateway's 29 seconds."""
    return Config(
        retries={"mode": "adaptive", "total_max_attempts": configured.service_attempts},
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=configured.service_timeout_seconds,
    )


@cache
def socket_client() -> SocketClient:
    """The client that pushes to WebSocket connections."""
    endpoint = settings().need("websocket_api_endpoint")
    quick = Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=1, read_timeout=3)
    session = botocore.session.get_session()
    boto = boto3.Session(botocore_session=session)
    return SocketClient(boto.client("apigatewaymanagementapi", endpoint_url=endpoint, config=quick), session)


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


@cache
def counting_client() -> Any:
    """The client of DynamoDB that counts requests, with one quick try: who asks must not wait for being counted."""
    return boto3.client("dynamodb", config=_one_quick_try(1))


@cache
def parameters_client() -> Any:
    """The client of SSM, with one quick try: work goes on without the flags that stand there."""
    return boto3.client("ssm", config=_one_quick_try(2))


def _one_quick_try(answer_seconds: int) -> Config:
    return Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=answer_seconds)


@cache
def flags() -> FlagReader:
    """What operators have switched."""
    return FlagReader(parameters_client, settings().flags_parameter)


@cache
def rate_limits() -> RateLimits:
    """What callers may ask for in a minute."""
    return RateLimits(counting_client(), settings())


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
    """One field of a JSON secret; raises SettingsError when the secret lacks it, TransientError in an outage."""
    with outage():
        text = client("secretsmanager").get_secret_value(SecretId=secret_name)["SecretString"]
    try:
        return str(json.loads(text)[field])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"secret {secret_name} has no field {field}") from error
