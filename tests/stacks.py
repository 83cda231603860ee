"""The running local stack, as tests use it."""

import contextlib
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.settings import Settings, parse
from local.deploy import Endpoints
from local.settings import SERVICE
from local.stack import LocalStack


@dataclass(frozen=True)
class User:
    """A user of the stack's pool with a fresh token."""

    email: str
    sub: str  #: the owner of their documents is user:<sub>
    token: str

    @property
    def principal(self) -> str:
        return f"user:{self.sub}"


@dataclass(frozen=True)
class Answer:
    """What an HTTP request came back with."""

    status: int
    body: Any  #: decoded JSON
    headers: dict[str, str]


@dataclass(frozen=True)
class RunningStack:
    """A stack that is up, and ways to reach it."""

    stack: LocalStack
    endpoints: Endpoints

    def client(self, service: str) -> Any:
        """A boto3 client with the operator's rights."""
        return self.stack.emulator.client(service)

    def function(self, key: str) -> str:
        """The deployed name of a function of serverless.yml."""
        return f"{SERVICE}-local-{key}"

    def new_user(self, groups: tuple[str, ...] = ()) -> User:
        """A user nobody had before, logged in."""
        cognito, pool = self.client("cognito-idp"), self.endpoints.userPoolId
        email, password = f"{secrets.token_hex(6)}@example.com", f"Aa1!{secrets.token_urlsafe(16)}"
        created = cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        )
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
        for group in groups:
            with contextlib.suppress(cognito.exceptions.GroupExistsException):
                cognito.create_group(UserPoolId=pool, GroupName=group)
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
        tokens = cognito.initiate_auth(
            ClientId=self.endpoints.clientId,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )["AuthenticationResult"]
        attributes = {item["Name"]: item["Value"] for item in created["User"]["Attributes"]}
        return User(email, attributes["sub"], tokens["IdToken"])

    def call(self, method: str, path: str, *, token: str | None = None, body: Any = None) -> Answer:
        """One request to the HTTP API."""
        request = urllib.request.Request(  # noqa: S310 - the address is ours
            self.endpoints.api + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return Answer(response.status, _json(response.read()), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read()), dict(error.headers))

    @cached_property
    def variables(self) -> dict[str, dict[str, str]]:
        """Each function's environment as deployed, by its key in serverless.yml."""
        functions = self.client("lambda").list_functions(MaxItems=50)["Functions"]
        prefix = self.function("")
        return {
            item["FunctionName"].removeprefix(prefix): item.get("Environment", {}).get("Variables", {})
            for item in functions
        }

    def settings(self, function: str, **overrides: Any) -> Settings:
        """The settings that a function of the stack runs with."""
        return parse(self.variables[function] | {name.upper(): str(value) for name, value in overrides.items()})


def _json(data: bytes) -> Any:
    return json.loads(data) if data else None
