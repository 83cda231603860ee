"""Two tenants before the deployed handlers, over real stores, and a line at the end that counts what was tried."""

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from types import ModuleType

import pytest
from psycopg2.extensions import connection

from api import services as api_services
from core import aws
from core import settings as core_settings
from operations import services as operations_services
from tests.databases import TestDatabase, TestServer
from tests.emulators import TestEmulator
from tests.handlers.issuer import Issuer, publishing
from tests.security.gateway import Gateway, serving
from tests.security.tenants import Tenant
from websocket.tokens import TokenVerifier

DATABASE_SECRET = "security/database"  # noqa: S105  its name
TRIED = pytest.StashKey[Counter[str]]()


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Counts what was tried, by what it was tried on, for the line at the end."""

    def add(what: str, times: int = 1) -> None:
        request.config.stash.setdefault(TRIED, Counter())[what] += times

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how much was tried."""
    if counted := config.stash.get(TRIED, None):
        terminalreporter.section("security")
        for what, times in sorted(counted.items()):
            terminalreporter.write_line(f"{times:5} {what}")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """The user pool."""
    with publishing() as published:
        yield published


@pytest.fixture(scope="module")
def shared_database(postgres: TestServer, request: pytest.FixtureRequest) -> Iterator[TestDatabase]:
    """One database for the tests of a module."""
    name = "security_" + request.module.__name__.rpartition(".")[2]
    postgres.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name)
    yield TestDatabase(name, postgres)
    postgres.run("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="module")
def environment(emulator: TestEmulator, shared_database: TestDatabase, issuer: Issuer) -> Iterator[None]:
    """The settings of all functions, in this process's environment for as long as the module's tests run."""
    secrets = emulator.emulator.client("secretsmanager")
    password = json.dumps({"password": shared_database.password()})
    try:
        secrets.create_secret(Name=DATABASE_SECRET, SecretString=password)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=DATABASE_SECRET, SecretString=password)
    named = shared_database.settings(**emulator.settings, rag_postgres_db_secret=DATABASE_SECRET, max_upload_bytes=1000)
    known = {name.upper(): str(value) for name, value in vars(named).items()}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**known, **emulator.variables, **issuer.variables}.items():
            patched.setenv(name, value)
        _forget()
        yield
    _forget()


def _forget() -> None:
    """Make this process read its settings anew."""
    for opened in aws._connections.values():
        opened.close()
    aws._connections.clear()
    for module in (core_settings, aws, api_services, operations_services):
        for cached in _caches(module):
            cached.cache_clear()


def _caches(module: ModuleType) -> list["functools._lru_cache_wrapper[object]"]:
    return [value for value in vars(module).values() if isinstance(value, functools._lru_cache_wrapper)]


@pytest.fixture(scope="module")
def gateway(environment: None) -> Iterator[Gateway]:
    """The HTTP API."""
    with serving(TokenVerifier(core_settings.settings())) as served:
        yield served


@pytest.fixture
def opened(environment: None, shared_database: TestDatabase) -> Iterator[connection]:
    """A connection as the application role."""
    with closing(shared_database.connect()) as found:
        yield found


@pytest.fixture
def new_tenant(gateway: Gateway, issuer: Issuer) -> Callable[..., Tenant]:
    """Makes users that nobody knows yet, members of the groups given."""
    return lambda *groups: Tenant(gateway.url, issuer, groups)
