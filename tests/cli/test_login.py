"""Log-in at a real (emulated) user pool."""

import json
import secrets
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import cognito, endpoints, session
from cli.endpoints import Endpoints
from cli.errors import NotLoggedInError, UnreachableError
from cli.main import app
from cli.session import Session, Tokens
from tests.stacks import RunningStack

PASSWORD = "Correct-horse-1"  # noqa: S105


@pytest.fixture
def where(home: Path, stack: RunningStack) -> Endpoints:
    """The running stack's addresses, which are also in the working folder."""
    (home / ".local").mkdir()
    file = home / ".local" / "endpoints.json"
    file.write_text(json.dumps(vars(stack.endpoints)))
    return endpoints.read(file)


def user() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def test_on_the_local_stack_the_user_is_made_and_the_token_is_taken(where: Endpoints) -> None:
    name = user()
    for _ in range(2):  # the second time the user is there
        result = CliRunner().invoke(app, ["login", "--user", name, "--json"])
        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["user"] == name
    assert CliRunner().invoke(app, ["documents", "--json"]).exit_code == 0


def test_elsewhere_the_password_is_asked_for(where: Endpoints, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = user()
    cognito.create_local_user(where, name, PASSWORD)
    # The same pool, but not known to be local
    monkeypatch.setenv("AWS_ENDPOINT_URL", where.aws)
    deployed = json.loads((home / ".local/endpoints.json").read_text()) | {"aws": ""}
    (home / "deployed.json").write_text(json.dumps(deployed))
    login = ["login", "--user", name, "--endpoints", "deployed.json"]
    assert CliRunner().invoke(app, login, input=f"{PASSWORD}\n").exit_code == 0
    refused = CliRunner().invoke(app, login, input="wrong\n")
    assert refused.exit_code == 3
    assert refused.stderr.startswith("error: cannot log in: ")
    assert PASSWORD not in (home / "config/amplify-rag/sessions.json").read_text()


def test_an_invited_user_chooses_a_password(where: Endpoints, stack: RunningStack) -> None:
    name = user()
    stack.client("cognito-idp").admin_create_user(
        UserPoolId=where.user_pool_id, Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    with pytest.raises(cognito.NewPasswordNeededError) as needed:
        cognito.log_in(where, name, PASSWORD)
    chosen = cognito.choose_password(where, name, f"{PASSWORD}-mine", needed.value.challenge_session)
    assert chosen.id_token
    assert cognito.log_in(where, name, f"{PASSWORD}-mine").user == name


def test_an_ended_token_is_renewed_with_the_refresh_token(where: Endpoints) -> None:
    name = user()
    cognito.create_local_user(where, name, PASSWORD)
    first = cognito.log_in(where, name, PASSWORD)
    assert first.expires_at > time.time() + 60
    session.save(where, Session(name, "ended", first.refresh_token, time.time() - 1))
    renewed = Tokens(where).current()
    assert renewed.count(".") == 2  # a JWT
    kept = session.load(where)
    assert kept is not None
    assert (kept.id_token, kept.refresh_token) == (renewed, first.refresh_token)
    with pytest.raises(NotLoggedInError):
        cognito.refresh(where, Session(name, "", "not-a-token", 0))


def test_a_pool_that_does_not_answer_is_unreachable() -> None:
    nowhere = Endpoints(
        api="http://a", websocket="ws://a", user_pool_id="eu-west-1_x", client_id="c", aws="http://127.0.0.1:1"
    )
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        cognito.log_in(nowhere, "me@example.com", "x")
