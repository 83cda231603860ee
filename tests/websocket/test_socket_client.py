"""The short way for messages answers and fails as boto3's client does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from core import aws
from core.errors import TransientError
from core.outages import outage
from core.settings import Settings
from core.socket_client import SocketClient
from tests.websocket.clients import Client

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=1)


def both(endpoint: str) -> list[Any]:
    """boto3's client and ours, of one endpoint."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    boto = boto3.Session(botocore_session=session, region_name="eu-west-1")
    plain = boto.client("apigatewaymanagementapi", endpoint_url=endpoint, config=ONCE)
    return [plain, SocketClient(plain, session)]


@contextmanager
def answering(status: int, error_type: str | None, paths: list[str] | None = None) -> Iterator[str]:
    """The address of an API that answers every message so, and notes where it was sent."""

    class Routes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if paths is not None:
                paths.append(self.path)
            self.send_response(status)
            if error_type:
                self.send_header("x-amzn-ErrorType", error_type)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Routes) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (410, "GoneException"),
        (410, "GoneException:http://internal.amazon.com/coral/"),
        (403, "ForbiddenException"),
        (413, "PayloadTooLargeException"),
        (429, "LimitExceededException"),
        (500, "InternalServerError"),
    ],
)
def test_errors_are_those_of_boto3(status: int, error_type: str) -> None:
    caught = []
    with answering(status, error_type) as url:
        for client in both(f"{url}/stage"):
            with pytest.raises(ClientError) as failure:
                client.post_to_connection(ConnectionId="abc=", Data=b"{}")
            caught.append((type(failure.value).__name__, failure.value.response["ResponseMetadata"]["HTTPStatusCode"]))
    assert caught[0] == caught[1]
    assert caught[1][1] == status


@pytest.mark.parametrize(("status", "expected"), [(410, "GoneException"), (429, "LimitExceededException")])
def test_an_error_without_a_name_is_told_by_its_status(status: int, expected: str) -> None:
    with answering(status, None) as url:
        client = both(url)[1]
        with pytest.raises(getattr(client.exceptions, expected)):
            client.post_to_connection(ConnectionId="abc=", Data=b"{}")


def test_where_nobody_answers_the_outage_passes_by_itself() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        for client in both(f"http://127.0.0.1:{deaf.getsockname()[1]}"):
            with pytest.raises(BotoCoreError):
                client.post_to_connection(ConnectionId="abc=", Data=b"{}")
            with pytest.raises(TransientError), outage():
                client.post_to_connection(ConnectionId="abc=", Data=b"{}")


def test_who_has_no_credentials_is_told_so(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    ours = aws.socket_client()
    monkeypatch.setattr(ours._session, "get_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        ours.post_to_connection(ConnectionId="abc=", Data=b"{}")


def test_the_emulator_takes_what_is_signed(client: Client, configured: Settings) -> None:
    aws.socket_client().post_to_connection(ConnectionId=client.connection_id, Data='{"größe": 1}'.encode())
    assert client.receive() == {"größe": 1}


def test_ids_and_stages_are_written_as_boto3_does() -> None:
    """Ids of real connections end in "=", and the signature covers how that is written."""
    paths: list[str] = []
    with answering(200, None, paths) as url:
        for client in both(f"{url}/a stage"):
            client.post_to_connection(ConnectionId="L0SM9cOFvHcCIhw=", Data=b"{}")
    assert paths[0] == paths[1]
