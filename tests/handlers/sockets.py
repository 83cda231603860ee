"""Where API Gateway would deliver messages to sockets: the ``@connections`` API of an endpoint of our own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass
class Sockets:
    """What was sent to each open socket."""

    url: str = ""
    sent: dict[str, list[Any]] = field(default_factory=dict)  #: connection id → messages; others are gone

    def open(self, connection_id: str) -> None:
        """A client connects."""
        self.sent[connection_id] = []


@contextmanager
def listening() -> Iterator[Sockets]:
    """The endpoint, for as long as the block runs."""
    sockets = Sockets()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _routes(sockets))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    sockets.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield sockets
    finally:
        server.shutdown()
        server.server_close()


def _routes(sockets: Sockets) -> type[BaseHTTPRequestHandler]:
    class Routes(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            connection_id = unquote(self.path.rpartition("/")[2])
            if connection_id in sockets.sent:
                sockets.sent[connection_id].append(json.loads(data))
            self._answer(200 if connection_id in sockets.sent else 410)

        def do_DELETE(self) -> None:
            known = sockets.sent.pop(unquote(self.path.rpartition("/")[2]), None)
            self._answer(204 if known is not None else 410)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            if status == 410:
                self.send_header("x-amzn-ErrorType", "GoneException")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: the tests' output belongs to the tests."""

    return Routes
