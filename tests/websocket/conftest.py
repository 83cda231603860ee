"""Real sockets, and the handlers' settings, for tests that run handlers on the connections of real clients."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from websockets.sync.client import connect

from core import aws
from core.settings import Settings, settings
from core.status_store import StatusStore
from tests.emulators import TestEmulator, environment
from tests.websocket.clients import Client, SocketApi, make_api
from websocket.connections import Connections
from websocket.sockets import Sockets


@pytest.fixture(scope="session")
def socket_api(emulator: TestEmulator) -> SocketApi:
    return make_api(emulator)


@pytest.fixture
def new_client(socket_api: SocketApi) -> Iterator[Callable[[], Client]]:
    """Connects clients; they are disconnected after the test."""
    with ExitStack() as opened:

        def new() -> Client:
            socket = opened.enter_context(connect(socket_api.url))
            socket.send("who am I?")
            return Client(socket, str(socket.recv(timeout=30)))

        yield new


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    return new_client()


@pytest.fixture
def configured(emulator: TestEmulator, socket_api: SocketApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings with which handlers find the emulator; set in the environment for as long as the test runs."""
    wanted = {**emulator.settings, "websocket_api_endpoint": socket_api.management_url, "max_subscriptions": 4}
    variables = {**environment(Settings(**wanted), wanted), **emulator.variables}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cached = (settings, aws.client, aws.counting_client, aws.socket_client, aws.status_store)
    for each in cached:
        each.cache_clear()
    yield settings()
    for each in cached:
        each.cache_clear()


@pytest.fixture
def store(configured: Settings) -> StatusStore:
    return aws.status_store()


@pytest.fixture
def connections(configured: Settings) -> Connections:
    return Connections(aws.client("dynamodb"), configured.websocket_connections_table)


@pytest.fixture
def sockets(configured: Settings) -> Sockets:
    return Sockets(aws.socket_client())


@pytest.fixture
def owner() -> str:
    return f"user:{uuid4().hex}"
