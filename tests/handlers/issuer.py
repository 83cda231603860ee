"""A user pool of our own: a key, tokens signed with it, and the address where it is published."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY_ID, AUDIENCE = "key-1", "3n4b5urk1ft4fl3mg5e62d9ado"


@dataclass(frozen=True)
class Issuer:
    """Signs tokens."""

    url: str
    key: rsa.RSAPrivateKey

    @property
    def variables(self) -> dict[str, str]:
        """The settings by which it is trusted."""
        return {
            "JWT_ISSUER": self.url,
            "JWT_AUDIENCE": AUDIENCE,
            "JWKS_URL": f"{self.url}/.well-known/jwks.json",
        }

    def token(self, subject: str, **claims: Any) -> str:
        """A token that is valid, but for the claims given."""
        now = int(time.time())
        known = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "token_use": "id", "iat": now, "exp": now + 300}
        return jwt.encode(known | claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def publishing() -> Iterator[Issuer]:
    """An issuer whose keys can be fetched for as long as the block runs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": KEY_ID, "alg": "RS256", "use": "sig"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _routes(json.dumps({"keys": [public]}).encode()))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield Issuer(f"http://127.0.0.1:{server.server_port}", key)
    finally:
        server.shutdown()
        server.server_close()


def _routes(keys: bytes) -> type[BaseHTTPRequestHandler]:
    class Routes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: the tests' output belongs to the tests."""

    return Routes
