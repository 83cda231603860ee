"""Tokens by which somebody tries to get in: some made with the pool's own key, which the emulator keeps in a file."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.stacks import RunningStack, User


@dataclass(frozen=True)
class PoolTokens:
    """Makes tokens like one that the user pool gave out, each with a flaw."""

    genuine: str
    key_file: Path

    @classmethod
    def of(cls, stack: RunningStack, user: User) -> "PoolTokens":
        """Tokens like the user's."""
        folder = stack.stack.settings.state / "aws" / "cognito-pool-keys"
        return cls(user.token, folder / f"{stack.endpoints.userPoolId}-id.pem")

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        loaded = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        return loaded

    @property
    def kid(self) -> str:
        return str(jwt.get_unverified_header(self.genuine)["kid"])

    @property
    def claims(self) -> dict[str, Any]:
        return dict(jwt.decode(self.genuine, options={"verify_signature": False}))

    def signed(self, **claims: Any) -> str:
        """The user's token with other claims, signed by the pool's key."""
        return jwt.encode(self.claims | claims, self.key, algorithm="RS256", headers={"kid": self.kid})

    def flawed(self) -> Iterator[tuple[str, str]]:
        """Every kind of token that must not be accepted, by what is wrong with it."""
        now, head, (_, payload, signature) = int(time.time()), {"kid": self.kid, "typ": "JWT"}, self.genuine.split(".")
        forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        another = _part(self.claims | {"sub": "another", "cognito:groups": ["operators"]})
        yield "nothing", ""
        yield "nonsense", "nonsense"
        yield "three parts of nonsense", "a.b.c"
        yield "without a signature", f"{self.genuine.split('.')[0]}.{payload}."
        yield "of a forger's key", jwt.encode(self.claims, forger, algorithm="RS256", headers=head)
        yield "of an unknown key", jwt.encode(self.claims, forger, algorithm="RS256", headers={"kid": "unknown"})
        yield "with other claims", f"{self.genuine.split('.')[0]}.{another}.{signature}"
        yield "alg none", f"{_part(head | {'alg': 'none'})}.{payload}."
        yield "alg none with a signature", f"{_part(head | {'alg': 'none'})}.{payload}.{signature}"
        yield "HS256 with the public key", self._hs256(head, payload)
        yield "expired", self.signed(exp=now - 60)
        yield "not valid yet", self.signed(nbf=now + 600)
        yield "of another issuer", self.signed(iss="https://evil.example")
        yield "of another pool's name", self.signed(iss=self.claims["iss"] + "2")
        yield "for another client", self.signed(aud="another-client")
        yield "for nobody", self.signed(aud="")

    def _hs256(self, head: dict[str, str], payload: str) -> str:
        public = self.key.public_key()
        secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        content = f"{_part(head | {'alg': 'HS256'})}.{payload}"
        return f"{content}.{_base64(hmac.digest(secret, content.encode(), hashlib.sha256))}"


@contextmanager
def of_another_pool(stack: RunningStack) -> Iterator[str]:
    """A genuine token of a user pool that is not the stack's, which is there for as long as the block runs."""
    cognito, email, password = stack.client("cognito-idp"), "eve@example.com", "Aa1!a-long-password"
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="another", ExplicitAuthFlows=flows)
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
    tokens = cognito.initiate_auth(
        ClientId=client["UserPoolClient"]["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )
    cognito.delete_user_pool(UserPoolId=pool)  # its keys would outlive it
    yield str(tokens["AuthenticationResult"]["IdToken"])
    with suppress(cognito.exceptions.ResourceNotFoundException):
        cognito.delete_user_pool(UserPoolId=pool)


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
