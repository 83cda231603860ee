"""The small service, and a user who is logged in to it."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from websockets.sync.server import serve

from cli import endpoints as endpoints_of
from cli import session
from cli.endpoints import Endpoints, parse
from cli.main import app
from cli.session import Session
from tests.cli.service import TOKEN, Service
from tests.cli.service_http import Handler
from tests.cli.triggered import Triggered
from tests.emulators import TestEmulator

Run = Callable[..., Result]


class Server(ThreadingHTTPServer):
    """Does not mind clients that go away."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@pytest.fixture
def service() -> Iterator[Service]:
    """The service on two free ports of 127.0.0.1."""
    service = Service()
    http = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"service": service}))
    sockets = serve(service.talk, "127.0.0.1", 0, process_request=service.admit)
    service.url = f"http://127.0.0.1:{http.server_address[1]}"
    service.websocket_url = f"ws://127.0.0.1:{sockets.socket.getsockname()[1]}"
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in (http, sockets)]
    for thread in threads:
        thread.start()
    yield service
    http.shutdown()
    http.server_close()
    sockets.shutdown()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def endpoints(service: Service) -> Endpoints:
    """The service's addresses."""
    return parse(service.endpoints(), "test")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working folder, and an environment that says nothing."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("ENDPOINTS", "PASSWORD", "STATE_DIR"):
        monkeypatch.delenv(f"AMPLIFY_RAG_{name}", raising=False)
    monkeypatch.setattr(endpoints_of, "CHECKOUT", tmp_path / "no-checkout")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logged_in(home: Path, service: Service, endpoints: Endpoints) -> Path:
    """The home of a user who is logged in and works in a folder below the local stack's file."""
    (home / ".local").mkdir()
    (home / ".local" / "endpoints.json").write_text(json.dumps(service.endpoints()))
    session.save(endpoints, Session("me@example.com", TOKEN, "refresh", time.time() + 3600))
    return home


@pytest.fixture
def run(logged_in: Path) -> Run:
    """Runs a command of the logged-in user."""
    return lambda *arguments, **more: CliRunner().invoke(app, [str(argument) for argument in arguments], **more)


@pytest.fixture(scope="module")
def built_stage(emulator: TestEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triggered]:
    """The stage "local" with an older system beside it."""
    triggered = Triggered(emulator, tmp_path_factory.mktemp("stage"))
    triggered.build()
    pool = emulator.emulator.client("cognito-idp").create_user_pool(PoolName="triggered")["UserPool"]["Id"]
    addresses = {"api": "http://127.0.0.1:1", "websocket": "ws://127.0.0.1:1", "userPoolId": pool, "clientId": "none"}
    addresses |= {"aws": emulator.emulator.settings.aws_url}
    (triggered.folder / "endpoints.json").write_text(json.dumps(addresses))
    yield triggered
    triggered.remove()


@pytest.fixture
def stage(built_stage: Triggered) -> Iterator[Triggered]:
    """That stage, with no flag set and nothing taken over."""
    yield built_stage
    built_stage.forget()
