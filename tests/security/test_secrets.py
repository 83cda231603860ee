"""Secrets: read from Secrets Manager when they are needed, exchanged without a deployment, and never written down."""

import json
import uuid
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import sql

from core import aws
from core import settings as core_settings
from core.errors import SettingsError, TransientError
from rag.api_keys import api_key
from tests.databases import TestDatabase
from tests.emulators import TestEmulator


def put(emulator: TestEmulator, name: str, **content: str) -> None:
    secrets = emulator.emulator.client("secretsmanager")
    try:
        secrets.create_secret(Name=name, SecretString=json.dumps(content))
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=json.dumps(content))


@pytest.fixture
def role(shared_database: TestDatabase) -> Iterator[str]:
    """A role with the application's rights and a password of its own, which a test can change."""
    name = sql.Identifier(found := f"rotated_{uuid.uuid4().hex[:8]}")
    with closing(shared_database.connect_as_superuser()) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'first' IN ROLE rag_app").format(name))
            yield found
            cursor.execute(sql.SQL("DROP ROLE {}").format(name))


def change_password(database: TestDatabase, role: str, password: str) -> None:
    with closing(database.connect_as_superuser()) as admin, admin, admin.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(role)), (password,))


@pytest.fixture
def as_role(emulator: TestEmulator, environment: None, role: str) -> Iterator[str]:
    """This process's settings name the role, and a secret with its password, whose name this is."""
    name = f"security/{role}"
    put(emulator, name, password="first")  # noqa: S106
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAG_POSTGRES_DB_USERNAME", role)
        patched.setenv("RAG_POSTGRES_DB_SECRET", name)
        core_settings.settings.cache_clear()
        aws._connections.clear()
        yield name
    aws._connections.clear()
    core_settings.settings.cache_clear()


def test_the_databases_password_is_exchanged_without_a_deployment(
    emulator: TestEmulator, shared_database: TestDatabase, role: str, as_role: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with aws.database() as before, before.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (role,)
    change_password(shared_database, role, "second")
    before.close()  # or the server does, or the environment was frozen
    with pytest.raises(TransientError) as refused:  # between the two steps of a rotation: try again
        aws.database()
    put(emulator, as_role, password="second")  # noqa: S106
    with aws.database() as after, after.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (role,)
    after.close()
    told = str(refused.value) + "".join(capfd.readouterr())
    assert "first" not in told
    assert "second" not in told


@pytest.mark.usefixtures("environment")
def test_the_key_of_an_outside_model_is_read_again_when_it_is_refused(emulator: TestEmulator) -> None:
    name = f"security/{uuid.uuid4()}"
    put(emulator, name, api_key="first")
    key = api_key(name)
    assert key.headers() == {"Authorization": "Bearer first"}
    assert not key.is_renewed()
    put(emulator, name, api_key="second")
    assert key.headers() == {"Authorization": "Bearer first"}  # one read for many requests
    assert key.is_renewed()
    assert key.headers() == {"Authorization": "Bearer second"}
    assert api_key("").headers() == {}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("content", ["no json: hunter2", '["hunter2"]', '{"Password": "hunter2"}', '"hunter2"'])
def test_a_secret_of_another_shape_is_not_quoted(emulator: TestEmulator, content: str) -> None:
    name = f"security/{uuid.uuid4()}"
    emulator.emulator.client("secretsmanager").create_secret(Name=name, SecretString=content)
    with pytest.raises(SettingsError) as error:
        aws.secret_field(name, "password")
    assert "hunter2" not in str(error.value)
    assert name in str(error.value)


def test_connections_do_not_show_their_password(shared_database: TestDatabase) -> None:
    with closing(shared_database.connect()) as opened:
        assert shared_database.password() not in f"{opened!r}{opened.dsn}"
    with pytest.raises(psycopg2.OperationalError) as error:
        psycopg2.connect(shared_database.server.dsn(shared_database.name).replace("postgres:", "nobody:"))
    assert shared_database.password() not in str(error.value)
