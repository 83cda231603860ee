"""A real HTTP server that answers as it is told: late, in drops, with refusals, with nonsense."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer: after ``wait`` seconds the head, and each byte of the body ``drip`` seconds after the one before."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0


@dataclass
class Server:
    """What was asked, and what is answered: each of ``answers`` once, and then the ``usual`` one."""

    usual: Answer
    address: str = ""
    answers: list[Answer] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)  #: when each came, in seconds
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def answering(usual: Answer) -> Iterator[Server]:
    """The server, for as long as the block runs."""
    state = Server(usual)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(state: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            state.requests.append(time.monotonic())
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = state.answers.pop(0) if state.answers else state.usual
            state.ended.wait(answer.wait)
            try:
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self._write(answer)
            except OSError:
                self.close_connection = True  # who asked has gone

        def _write(self, answer: Answer) -> None:
            if not answer.drip:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                if state.ended.wait(answer.drip):
                    return

        do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815  as the library calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
