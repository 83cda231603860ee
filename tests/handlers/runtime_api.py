"""The Lambda Runtime API for one execution environment, so that handlers run under the real ``awslambdaric``.

Written after "Using the Lambda runtime API" in the AWS Lambda guide: the client asks for the next invocation and posts
its result or its error.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryFile
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:under-test"
DEADLINE_SECONDS = 60
#: The interpreter without this environment's packages, also for the children that functions start by ``sys.executable``
BARE_PYTHON = (str(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")), "-S", "-B")


@dataclass
class Environment:
    """What one execution environment was asked and what it answered."""

    invocations: "Queue[Any]" = field(default_factory=Queue)
    results: "Queue[tuple[str, Any]]" = field(default_factory=Queue)  #: (``response``, ``error`` or ``init``; body)


@dataclass(frozen=True)
class Place:
    """Where a function's code and packages are: by default in the checkout and in this environment."""

    code: Path = ROOT  #: what Lambda has at /var/task
    packages: tuple[Path, ...] | None = None  #: folders in the order of the import path, and no others; None: ours

    def command(self, handler: str) -> list[str]:
        """The runtime client, which imports from here alone."""
        if self.packages is None:
            return [sys.executable, "-m", "awslambdaric", handler]
        # Set in the process and not by PYTHONPATH, as Lambda's own start does it for /var/task and /opt
        path = [str(folder) for folder in (self.code, *self.packages)]
        start = f"import runpy, sys; sys.path[:1] = {path!r}; runpy.run_module('awslambdaric', run_name='__main__')"
        return [*BARE_PYTHON, "-c", start, handler]


@dataclass
class Function:
    """A handler that runs in the real runtime client, in a process of its own."""

    environment: Environment
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    @property
    def log(self) -> str:
        """Everything that it has written to its log."""
        self.output.seek(0)
        return self.output.read().decode()

    def invoke(self, event: Any) -> Any:
        """The handler's result; fails the test when the handler raised or could not be loaded."""
        kind, body = self.outcome(event)
        assert kind == "response", f"{body}\n{self.log}"
        return body

    def outcome(self, event: Any) -> tuple[str, Any]:
        """How the invocation ended, and with what; ``ended`` when there is no process to answer any more."""
        self.environment.invocations.put(event)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                return self.environment.results.get(timeout=0.2)
            except Empty:
                if self.process.poll() is not None:
                    return "ended", f"exit status {self.process.returncode}"
        raise TimeoutError(f"no answer within {DEADLINE_SECONDS} s")


@contextmanager
def running(handler: str, settings: Mapping[str, str], place: Place = Place()) -> Iterator[Function]:
    """The handler, as named in ``serverless.yml``, with these environment variables and no others of the tests'."""
    environment = Environment()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _routes(environment))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    with TemporaryFile("a+b") as output:  # appending: reading it does not move where the process writes
        process = subprocess.Popen(  # noqa: S603  our own interpreter and handler
            place.command(handler),
            cwd=place.code,
            env=_variables(f"127.0.0.1:{server.server_port}", settings, place),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield Function(environment, process, output)
        finally:
            process.kill()
            process.wait()
            server.shutdown()
            server.server_close()


def _variables(runtime_api: str, settings: Mapping[str, str], place: Place) -> dict[str, str]:
    own = {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": "under-test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(place.code),
        "PATH": os.environ["PATH"],
    }
    if place.packages is None:
        own["PYTHONPATH"] = str(place.code)
    return {**own, **settings}


def _routes(environment: Environment) -> type[BaseHTTPRequestHandler]:
    class Routes(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(environment.invocations.get()).encode()
            deadline = int((time.time() + DEADLINE_SECONDS) * 1000)
            self._answer(
                200,
                body,
                [
                    ("Lambda-Runtime-Aws-Request-Id", f"request-{deadline}"),
                    ("Lambda-Runtime-Deadline-Ms", str(deadline)),
                    ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN),
                ],
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = "init" if "/init/error" in self.path else self.path.rpartition("/")[2]
            self._answer(202, b"{}", [])
            environment.results.put((kind, json.loads(body)))

        def _answer(self, status: int, body: bytes, headers: Sequence[tuple[str, str]]) -> None:
            self.send_response(status)
            for name, value in [("Content-Length", str(len(body))), ("Content-Type", "application/json"), *headers]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: the tests' output belongs to the tests."""

    return Routes
