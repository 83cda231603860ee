"""Which tokens open a socket: real signatures, verified against keys that a real server publishes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from core.errors import SettingsError, TransientError
from core.settings import Settings, settings
from websocket import authorizer
from websocket.tokens import TokenError, TokenVerifier

ISSUER, CLIENT = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool", "client-of-ours"
ACCESS = {"token_use": "access"}
ARN = "arn:aws:execute-api:us-east-1:123456789012:api/test/$connect"


@pytest.fixture(scope="module")
def rsa_keys() -> dict[str, RSAPrivateKey]:
    """Keys by their ids; making one takes a moment."""
    return {kid: generate_private_key(65537, 2048) for kid in ("first", "second", "forger")}


@dataclass
class Issuer:
    """Publishes keys, and counts how often they are fetched."""

    keys: dict[str, RSAPrivateKey]
    url: str = ""
    published: list[str] = field(default_factory=lambda: ["first"])
    fetched: int = 0

    def jwks(self) -> bytes:
        self.fetched += 1
        keys = [
            jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[kid].public_key(), as_dict=True)
            | {"kid": kid, "alg": "RS256", "use": "sig"}
            for kid in self.published
        ]
        return json.dumps({"keys": keys}).encode()

    def token(self, kid: str = "first", key: str | None = None, algorithm: str = "RS256", **claims: Any) -> str:
        """An ID token, as it would be but for the claims given; None leaves a claim out."""
        known = {"sub": "ann", "iss": ISSUER, "aud": CLIENT, "token_use": "id", "exp": int(time.time()) + 600, **claims}
        present = {name: value for name, value in known.items() if value is not None}
        return jwt.encode(present, self.keys[key or kid], algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def issuer(rsa_keys: dict[str, RSAPrivateKey]) -> Iterator[Issuer]:
    issuer = Issuer(rsa_keys)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(issuer.jwks())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        issuer.url = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
        yield issuer
        server.shutdown()
        thread.join()


def configuration(issuer: Issuer) -> Settings:
    return Settings(jwt_issuer=ISSUER, jwt_audience=CLIENT, jwks_url=issuer.url)


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(configuration(issuer), refetch_seconds=0)


def unsigned(**claims: Any) -> str:
    header = {"alg": "none", "typ": "JWT", "kid": "first"}
    return f"{_part(header)}.{_part(claims)}."


def signed_with_the_public_key(issuer: Issuer, **claims: Any) -> str:
    """An HS256 token whose secret is the published key: what a verifier accepts that lets the token choose."""
    public = issuer.keys["first"].public_key()
    secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    content = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{_part(claims)}"
    return f"{content}.{_base64(hmac.digest(secret, content.encode(), hashlib.sha256))}"


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_an_id_token_is_accepted(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token())["sub"] == "ann"
    assert verifier.verify(issuer.token(aud=["another", CLIENT]))["sub"] == "ann"


def test_an_access_token_names_its_client_otherwise(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token(**ACCESS, aud=None, client_id=CLIENT))["sub"] == "ann"


GENUINE = {"sub": "ann", "iss": ISSUER, "aud": CLIENT, "token_use": "id", "exp": 4_000_000_000}
FLAWED: dict[str, Callable[[Issuer], str]] = {
    "nothing": lambda issuer: "",
    "not a token": lambda issuer: "a.b.c",
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "without an end": lambda issuer: issuer.token(exp=None),
    "of the future": lambda issuer: issuer.token(nbf=int(time.time()) + 600),
    "signed by another": lambda issuer: issuer.token(kid="first", key="forger"),
    "of an unknown key": lambda issuer: issuer.token(kid="forger"),
    "altered": lambda issuer: ".".join([*issuer.token().split(".")[:1], _part(GENUINE), issuer.token().split(".")[2]]),
    "unsigned": lambda issuer: unsigned(**GENUINE),
    "HS256 with the public key": lambda issuer: signed_with_the_public_key(issuer, **GENUINE),
    "another algorithm": lambda issuer: issuer.token(algorithm="RS512"),
    "for another client": lambda issuer: issuer.token(aud="another"),
    "for nobody": lambda issuer: issuer.token(aud=None),
    "an access token for another client": lambda issuer: issuer.token(**ACCESS, client_id="another"),
    "an access token with our audience": lambda issuer: issuer.token(**ACCESS, client_id=None),
    "an ID token with our client id": lambda issuer: issuer.token(aud=None, client_id=CLIENT),
    "of another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "without a subject": lambda issuer: issuer.token(sub=None),
}


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_flawed_token_is_refused(verifier: TokenVerifier, issuer: Issuer, flaw: str) -> None:
    token = FLAWED[flaw](issuer)
    with pytest.raises(TokenError) as error:
        verifier.verify(token)
    assert str(error.value).isidentifier()  # the kind of flaw, nothing of the token


def test_a_rotated_key_is_fetched_once(verifier: TokenVerifier, issuer: Issuer) -> None:
    verifier.verify(issuer.token())
    verifier.verify(issuer.token())
    assert issuer.fetched == 1
    issuer.published = ["second"]
    verifier.verify(issuer.token(kid="second"))
    verifier.verify(issuer.token(kid="second"))
    assert issuer.fetched == 2
    with pytest.raises(TokenError):
        verifier.verify(issuer.token(kid="first"))


def test_unknown_keys_do_not_make_a_flood_of_requests(issuer: Issuer) -> None:
    verifier = TokenVerifier(configuration(issuer))
    for _ in range(5):
        with pytest.raises(TokenError):
            verifier.verify(issuer.token(kid="forger"))
    assert issuer.fetched == 1


def test_an_issuer_that_is_away_is_no_verdict(issuer: Issuer) -> None:
    away = Settings(jwt_issuer=ISSUER, jwt_audience=CLIENT, jwks_url="http://127.0.0.1:9/jwks.json")
    with pytest.raises(TransientError):
        TokenVerifier(away).verify(issuer.token())


@pytest.mark.parametrize("missing", ["jwt_issuer", "jwt_audience", "jwks_url"])
def test_a_missing_setting_is_named(issuer: Issuer, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing.upper()):
        TokenVerifier(replace(configuration(issuer), **{missing: ""}))  # type: ignore[arg-type]


@pytest.fixture
def configured(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("jwt_issuer", "jwt_audience", "jwks_url"):
        monkeypatch.setenv(name.upper(), getattr(configuration(issuer), name))
    settings.cache_clear()
    authorizer._verifier.cache_clear()
    yield
    settings.cache_clear()
    authorizer._verifier.cache_clear()


def authorize(token: str | None) -> dict[str, Any]:
    query = None if token is None else {"token": token}
    return authorizer.authorize({"type": "REQUEST", "methodArn": ARN, "queryStringParameters": query}, None)


@pytest.mark.usefixtures("configured")
def test_the_policy_tells_the_routes_who_is_there(issuer: Issuer) -> None:
    groups: dict[str, Any] = {"cognito:groups": ["law", "sales"]}
    allowed = authorize(issuer.token(**groups))
    [statement] = allowed["policyDocument"]["Statement"]
    assert statement == {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ARN}
    assert allowed["principalId"] == allowed["context"]["sub"] == "ann"
    assert json.loads(allowed["context"]["principals"]) == ["user:ann", "group:law", "group:sales"]
    assert all(type(value) is str for value in allowed["context"].values())  # API Gateway takes nothing nested


@pytest.mark.usefixtures("configured")
def test_a_refusal_is_a_policy_and_not_an_exception(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    expired = issuer.token(exp=1)
    for token in (None, "", "nonsense", expired):
        denied = authorize(token)
        assert [each["Effect"] for each in denied["policyDocument"]["Statement"]] == ["Deny"]
        assert denied["context"] == {}
    assert [vars(record)["reason"] for record in caplog.records][-1] == "ExpiredSignatureError"
    assert not any(part in str(vars(record)) for record in caplog.records for part in expired.split("."))


def test_a_withdrawn_key_is_refused_after_a_while(issuer: Issuer) -> None:
    verifier = TokenVerifier(configuration(issuer), kept_seconds=0.5)
    token = issuer.token()
    verifier.verify(token)
    issuer.published = ["second"]
    verifier.verify(token)  # the keys are kept
    time.sleep(0.6)
    with pytest.raises(TokenError):
        verifier.verify(token)
    assert verifier.verify(issuer.token(kid="second"))["sub"] == "ann"
    assert issuer.fetched == 2


def test_a_key_that_is_published_later_is_found(issuer: Issuer) -> None:
    verifier = TokenVerifier(configuration(issuer), refetch_seconds=0.2)
    verifier.verify(issuer.token())
    issuer.published = ["first", "second"]
    time.sleep(0.3)
    for kid in ("second", "first"):
        verifier.verify(issuer.token(kid=kid))
    assert issuer.fetched == 2


def test_a_flood_of_key_ids_is_one_request(issuer: Issuer) -> None:
    verifier = TokenVerifier(configuration(issuer))
    header, payload, signature = issuer.token().split(".")
    for number in range(50):
        forged = _part({"alg": "RS256", "typ": "JWT", "kid": f"key-{number}"})
        with pytest.raises(TokenError):
            verifier.verify(f"{forged}.{payload}.{signature}")
    for kid in (None, "", ["first"], {"a": 1}, 5, "first" * 1000, "../jwks", "\n"):
        with pytest.raises(TokenError):
            verifier.verify(f"{_part({'alg': 'RS256', 'kid': kid})}.{payload}.{signature}")
    assert issuer.fetched == 1
    verifier.verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk", "x5c", "crit"])
def test_a_token_does_not_bring_its_own_key(issuer: Issuer, verifier: TokenVerifier, header: str) -> None:
    forger = issuer.keys["forger"]
    own = jwt.algorithms.RSAAlgorithm.to_jwk(forger.public_key(), as_dict=True)
    brought = {"jku": f"{issuer.url}?", "x5u": issuer.url, "jwk": own, "x5c": ["MII"], "crit": ["b64"]}[header]
    token = jwt.encode(GENUINE, forger, algorithm="RS256", headers={"kid": "first", header: brought})
    with pytest.raises(TokenError):
        verifier.verify(token)


@pytest.mark.usefixtures("configured")
def test_neither_a_verdict_nor_a_failure_writes_the_token_down(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [issuer.token(), *(flawed(issuer) for flawed in FLAWED.values())]
    for token in tokens:
        authorize(token)
    monkeypatch.setenv("JWKS_URL", "http://127.0.0.1:9/jwks.json")
    settings.cache_clear()
    authorizer._verifier.cache_clear()
    with pytest.raises(TransientError) as error:
        authorize(tokens[0])
    written = (
        "".join(capfd.readouterr()) + caplog.text + str([vars(line) for line in caplog.records]) + str(error.value)
    )
    assert "Socket refused" in written
    assert not [part for token in tokens for part in token.split(".")[1:] if len(part) > 8 and part in written]
