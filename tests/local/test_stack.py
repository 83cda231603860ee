"""The whole stack, as a second one beside the developer's own: quick when it is up already, whole after a stop, well
after a kill."""

import json
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from websockets.sync.client import ClientConnection, connect

from local.errors import PortTakenError
from local.ports import free_port
from local.settings import DATABASE_SECRET, SAVE_SECONDS, StackSettings
from local.stack import LocalStack
from tests.stacks import RunningStack

KEY = "someone/kept.bin"
WORDS = b"\x00kept"
KEPT = {"documentId": {"S": "kept"}, "sequence": {"N": "1"}}


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of this module's own; the tests below stop and kill it."""
    stack = LocalStack(StackSettings(tmp_path_factory.mktemp("stack"), free_port(), free_port()))
    try:
        yield RunningStack(stack, stack.up())
    finally:
        stack.destroy()


def updated(running: RunningStack) -> str:
    """When a function was last deployed."""
    facts = running.client("lambda").get_function_configuration(FunctionName=running.function("query_handler"))
    return str(facts["LastModified"])


def write_everywhere(running: RunningStack) -> None:
    """Leave something in the bucket, a table and the database."""
    running.client("s3").put_object(
        Bucket=running.endpoints.derivedBucket, Key=KEY, Body=WORDS, Metadata={"owner": "user:someone"}
    )
    table = running.settings("documents_api").document_audit_table
    running.client("dynamodb").put_item(TableName=table, Item=KEPT)
    with closing(superuser(running)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")


def superuser(running: RunningStack) -> "psycopg2.extensions.connection":
    server = running.stack.postgres
    return psycopg2.connect(server.dsn(server.passwords()))


def kept_in_database(running: RunningStack) -> bool:
    with closing(superuser(running)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        return cursor.fetchall() == [(7,)]


def test_its_addresses_are_in_one_file(second: RunningStack) -> None:
    written = json.loads(second.stack.settings.endpoints_file.read_text())
    assert {"aws", "api", "websocket", "uploadsBucket", "userPoolId", "clientId", "database"} <= set(written)
    assert written["aws"] == second.stack.settings.aws_url
    assert written["api"].startswith(f"{written['aws']}/_aws/execute-api/")
    assert stat.S_IMODE((second.stack.settings.state / "passwords.json").stat().st_mode) == 0o600


def test_everything_listens_on_the_loopback_interface_only(second: RunningStack) -> None:
    for port in (second.stack.settings.aws_port, second.stack.settings.postgres_port):
        with socket.socket() as client:  # 127.0.0.2 stands for any other address of this machine
            assert client.connect_ex(("127.0.0.2", port)) != 0


def test_a_second_up_is_quick_and_changes_nothing(second: RunningStack) -> None:
    before, deployed = second.stack.status(), updated(second)
    started = time.monotonic()
    assert second.stack.up() == second.endpoints
    assert time.monotonic() - started < 5
    assert second.stack.status() == before
    assert updated(second) == deployed


def test_functions_are_deployed_again_when_what_is_deployed_changed(second: RunningStack) -> None:
    deployed = updated(second)
    second.client("ssm").put_parameter(
        Name="/amplify-rag-async/local/deployed", Value="other code", Type="String", Overwrite=True
    )
    second.client("lambda").update_function_configuration(
        FunctionName=second.function("query_handler"), Environment={"Variables": {}}
    )
    assert second.stack.up() == second.endpoints
    assert updated(second) > deployed


def test_state_survives_down_and_up(second: RunningStack) -> None:
    write_everywhere(second)
    user = second.new_user()
    second.stack.down()
    assert (second.stack.status().aws, second.stack.status().postgres) == (None, None)
    assert second.stack.up() == second.endpoints
    kept = second.client("s3").get_object(Bucket=second.endpoints.derivedBucket, Key=KEY)
    assert (kept["Body"].read(), kept["Metadata"]) == (WORDS, {"owner": "user:someone"})
    table = second.settings("documents_api").document_audit_table
    assert "Item" in second.client("dynamodb").get_item(TableName=table, Key=KEPT)
    assert kept_in_database(second)
    assert second.call("GET", "/v2/documents").status == 401
    assert second.call("GET", "/v2/documents", token=user.token).status == 200


def file_name(watcher: ClientConnection) -> str:
    """The file that the next message is about."""
    message = json.loads(watcher.recv(timeout=20))
    return str(message.get("metadata", {}).get("fileName", ""))


def test_changes_are_pushed_after_down_and_up(second: RunningStack) -> None:
    user = second.new_user()

    def announce(name: str) -> None:
        body = {"fileName": name, "size": 5}
        assert second.call("POST", "/v2/uploads", token=user.token, body=body).status == 201

    for number in range(3):
        announce(f"before-{number}.txt")
    second.stack.down()
    second.stack.up()
    with connect(f"{second.endpoints.websocket}?token={user.token}") as watcher:
        watcher.send(json.dumps({"action": "subscribe", "all": True}))
        wanted = {f"before-{number}.txt" for number in range(3)}
        while wanted:  # the snapshot
            wanted.discard(file_name(watcher))
        announce("after.txt")
        while file_name(watcher) != "after.txt":
            pass


def test_a_kill_costs_only_the_last_seconds(second: RunningStack) -> None:
    write_everywhere(second)
    user = second.new_user()
    time.sleep(SAVE_SECONDS + 2)
    pid = second.stack.emulator.server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert second.stack.up() == second.endpoints
    table = second.settings("documents_api").document_audit_table
    assert "Item" in second.client("dynamodb").get_item(TableName=table, Key=KEPT)
    assert second.call("GET", "/v2/documents", token=user.token).status == 200


@pytest.mark.parametrize("victims", [("aws",), ("postgres",), ("aws", "postgres")])
def test_is_well_after_a_kill(second: RunningStack, victims: tuple[str, ...]) -> None:
    write_everywhere(second)
    servers = {"aws": second.stack.emulator.server, "postgres": second.stack.postgres.server}
    for name in victims:
        pid = servers[name].pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    again = RunningStack(second.stack, second.stack.up())
    assert kept_in_database(again)
    user = again.new_user()
    assert again.call("GET", "/v2/documents", token=user.token).status == 200
    secret = again.client("secretsmanager").get_secret_value(SecretId=DATABASE_SECRET)["SecretString"]
    assert json.loads(secret) == {"password": again.stack.postgres.passwords().application}


def test_a_taken_port_is_named_before_anything_starts(second: RunningStack, tmp_path: Path) -> None:
    taken = second.stack.settings.aws_port
    third = LocalStack(StackSettings(tmp_path, taken, free_port()))
    with pytest.raises(PortTakenError, match=rf"Port {taken} .*\n.*\n.*AMPLIFY_RAG_AWS_PORT="):
        third.up()
    assert third.status().postgres is None
