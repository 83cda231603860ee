"""An HTTP API gateway of our own: real HTTP in front of the deployed handlers, which run in this process.

It takes the routes of ``serverless.yml``, verifies tokens, and hands on requests in API Gateway's payload version 2.
"""

import base64
import importlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.declarations import functions
from websocket.tokens import TokenError, TokenVerifier

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
AS_TEXT = re.compile(r"text/|application/(json|xml|javascript)")
UNAUTHORIZED, NOT_FOUND = (401, {"message": "Unauthorized"}), (404, {"message": "Not Found"})


@dataclass(frozen=True)
class Route:
    """A route of ``serverless.yml``."""

    method: str
    path: str
    handler: str
    guarded: bool  #: whether the gateway asks for a token

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters; None when the request is not for this route."""
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path), path)
        return found.groupdict() if found and method == self.method else None

    def call(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the route's function answers."""
        module, _, name = self.handler.replace("/", ".").rpartition(".")
        handler: Handler = getattr(importlib.import_module(module), name)
        return handler(event, None)


def routes() -> list[Route]:
    """Every route that is deployed."""
    return [
        Route(
            event["httpApi"]["method"].upper(),
            event["httpApi"]["path"],
            function["handler"],
            "authorizer" in event["httpApi"],
        )
        for function in functions().values()
        for event in function.get("events", [])
        if "httpApi" in event
    ]


@dataclass
class Gateway:
    """What answers requests."""

    verifier: TokenVerifier
    url: str = ""
    routes: list[Route] = field(default_factory=routes)
    requests: Iterator[int] = field(default_factory=count)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The answer to a request, as a Lambda function gives it."""
        split = urlsplit(target)
        path = unquote(split.path.replace("%25", "%2525"))  # API Gateway decodes before it looks for a route
        for route in self.routes:
            parameters = route.match(method, path)
            if parameters is None:
                continue
            event = self._event(route, path, split.query, headers, body) | {"pathParameters": parameters}
            if route.guarded:
                try:
                    event["requestContext"]["authorizer"] = {"jwt": {"claims": self._claims(headers), "scopes": None}}
                except TokenError:
                    return _own(UNAUTHORIZED)
            return route.call(event)
        return _own(NOT_FOUND)

    def _claims(self, headers: Mapping[str, str]) -> dict[str, str]:
        token = headers.get("authorization", "").strip()
        claims = self.verifier.verify(token[7:].strip() if token[:7].lower() == "bearer " else token)
        return {name: f"[{' '.join(map(str, v))}]" if isinstance(v, list) else str(v) for name, v in claims.items()}

    def _event(self, route: Route, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        is_text = AS_TEXT.match(headers.get("content-type", ""))
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
        return {
            "version": "2.0",
            "routeKey": f"{route.method} {route.path}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": dict(headers),
            **({"queryStringParameters": parameters} if parameters else {}),
            "requestContext": {
                "http": {"method": route.method, "path": path, "sourceIp": "203.0.113.24"},
                "requestId": f"request-{next(self.requests)}",
                "routeKey": f"{route.method} {route.path}",
                "stage": "$default",
            },
            **({"body": body.decode(errors="replace") if is_text else base64.b64encode(body).decode()} if body else {}),
            "isBase64Encoded": bool(body and not is_text),
        }


def _own(answer: tuple[int, Mapping[str, str]]) -> dict[str, Any]:
    status, content = answer
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(content)}


@contextmanager
def serving(verifier: TokenVerifier) -> Iterator[Gateway]:
    """The gateway on a free port; one request at a time, as in an execution environment of Lambda."""
    gateway = Gateway(verifier)
    server = HTTPServer(("127.0.0.1", 0), type("Bound", (_Requests,), {"gateway": gateway}))
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Requests(BaseHTTPRequestHandler):
    gateway: Gateway

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answered = self.gateway.answer(self.command, self.path, headers, body)
        data = answered["body"].encode()
        self.send_response(answered["statusCode"])
        for name, value in {**answered["headers"], "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = _answer  # noqa: N815  the base class's names

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the tests' output belongs to the tests."""
