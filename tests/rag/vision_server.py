"""A real HTTP server that answers as a vision model's endpoint does."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

ANSWER = "chart\nThe harvest of the village, told by the model."


@dataclass
class VisionServer:
    """What the server was asked, and what it is to answer; statuses in ``failures`` come first."""

    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  #: of the model; then always the same
    bodies: list[bytes] = field(default_factory=list)  #: to answer with as they are


@pytest.fixture
def vision_server() -> Iterator[VisionServer]:
    """A server of its own for a test."""
    state = VisionServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
            if state.failures:
                self._answer(state.failures.pop(0), b"{}")
            elif state.bodies:
                self._answer(200, state.bodies.pop(0))
            else:
                text = state.answers.pop(0) if state.answers else ANSWER
                self._answer(200, json.dumps({"choices": [{"message": {"content": text}}]}).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
