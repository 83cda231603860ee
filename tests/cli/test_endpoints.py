import json
from pathlib import Path

import pytest

from cli import endpoints
from cli.errors import CliError, UnreachableError

CONTENT = {
    "api": "http://api/",
    "websocket": "ws://ws",
    "userPoolId": "eu-west-1_abc",
    "clientId": "c",
    "aws": "http://e",
}


def write(folder: Path, **changes: str) -> Path:
    file = folder / ".local" / "endpoints.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(CONTENT | changes))
    return file


def test_the_local_file_is_found_from_a_folder_below(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home)
    below = home / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    found = endpoints.load(None, None)
    assert found.api == "http://api"  # without the slash, so that paths can follow
    assert found.is_local
    assert found.region == "eu-west-1"
    assert endpoints.load(None, "local") == found


def test_a_named_file_comes_before_the_local_one(home: Path) -> None:
    write(home)
    other = write(home / "other", api="https://other", aws="")
    found = endpoints.load(other, None)
    assert found.api == "https://other"
    assert not found.is_local


def test_the_checkout_of_the_program_and_a_named_state_folder_are_looked_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "checkout", api="http://checkout")
    state = write(home / "elsewhere", api="http://elsewhere").parent
    monkeypatch.setattr(endpoints, "CHECKOUT", home / "checkout")
    assert endpoints.load(None, None).api == "http://checkout"
    monkeypatch.setenv("AMPLIFY_RAG_STATE_DIR", str(state))
    assert endpoints.load(None, None).api == "http://elsewhere"


@pytest.mark.usefixtures("home")
def test_without_a_deployment_the_message_says_how_to_start_one() -> None:
    with pytest.raises(UnreachableError, match="make up"):
        endpoints.load(None, None)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "does not hold a JSON object"),
        ('{"api": "x", "websocket": "", "userPoolId": "p"}', "lacks websocket, clientId"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(content)
    with pytest.raises(CliError, match=complaint) as caught:
        endpoints.load(file, None)
    assert "endpoints.json" in str(caught.value)
