"""Functions as ``serverless.yml`` declares them, each under the real runtime client, over real services."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabase, TestServer
from tests.declarations import functions as declared_functions
from tests.emulators import TestEmulator
from tests.handlers import issuer, sockets
from tests.handlers.runtime_api import Function, Place, running
from tests.permissions.emulated import credentials

EVENTS = Path(__file__).resolve().parents[1] / "events"
SUBJECT = "5b1e0c9a-7d43-4f0e-9a41-3f2f6f0f8f11"  #: who speaks in the recorded events
DATABASE_SECRET = "amplify-rag-async/dev/database"  # noqa: S105  its name
AWS_VARIABLES = "AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION"


def event(name: str, **changes: Any) -> Any:
    """A recorded event, with some of its top-level fields changed; the token of a socket has not expired."""
    recorded = json.loads((EVENTS / f"{name}.json").read_text())
    verified = recorded.get("requestContext", {}).get("authorizer", {})
    if "exp" in verified:
        verified["exp"] = str(int(time.time()) + 3600)
    return recorded | changes


@dataclass
class Functions:
    """Starts a function when it is first called and keeps it warm; it has the rights of its role and no others."""

    emulator: TestEmulator
    variables: dict[str, str]
    running: ExitStack
    places: Mapping[str, Place] = field(default_factory=dict)  #: of functions that do not run from the checkout
    warm: dict[str, Function] = field(default_factory=dict)

    def __call__(self, key: str, without: str = "", **changes: str) -> Function:
        """The function with this key, with the settings that serverless.yml gives it and no others, some changed.

        ``without``: an action that its role must do without.
        """
        name = f"{key} {without} {changes}"
        if name not in self.warm:
            declared = declared_functions()[key]
            names = {"STAGE", *declared["environment"], *AWS_VARIABLES.split()}
            settings = {name: value for name, value in self.variables.items() if name in names}
            missing = names - settings.keys()
            assert not missing, f"tests have no value for {missing}"
            settings |= changes
            settings |= credentials(self.emulator, key, settings, without)
            place = self.places.get(key, Place())
            self.warm[name] = self.running.enter_context(running(declared["handler"], settings, place))
        return self.warm[name]


@pytest.fixture(scope="session")
def open_sockets() -> Iterator[sockets.Sockets]:
    """Where messages to sockets arrive."""
    with sockets.listening() as listener:
        yield listener


@pytest.fixture(scope="session")
def token_issuer() -> Iterator[issuer.Issuer]:
    """Who signs the tokens."""
    with issuer.publishing() as published:
        yield published


@pytest.fixture(scope="session")
def handlers_database(postgres: TestServer, emulator: TestEmulator) -> TestDatabase:
    """One database for all functions; its password is in the emulator's Secrets Manager."""
    postgres.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", "handlers")
    secret = json.dumps({"password": postgres.passwords.application})
    emulator.emulator.client("secretsmanager").create_secret(Name=DATABASE_SECRET, SecretString=secret)
    return TestDatabase("handlers", postgres)


@pytest.fixture(scope="session")
def known_variables(
    emulator: TestEmulator,
    handlers_database: TestDatabase,
    open_sockets: sockets.Sockets,
    token_issuer: issuer.Issuer,
) -> dict[str, str]:
    """What functions may be told, each by the variables that it declares."""
    settings = handlers_database.settings(**emulator.settings)
    known = {name.upper(): str(value) for name, value in vars(settings).items()}
    known |= {"RAG_POSTGRES_DB_SECRET": DATABASE_SECRET, "WEBSOCKET_API_ENDPOINT": open_sockets.url}
    known |= {"LOGNAME": "migrate"}  # yoyo's
    return known | emulator.variables | token_issuer.variables


@pytest.fixture(scope="session")
def function(emulator: TestEmulator, known_variables: dict[str, str]) -> Iterator[Callable[[str], Function]]:
    """Functions by their key in serverless.yml."""
    with ExitStack() as stack:
        yield Functions(emulator, known_variables, stack)
