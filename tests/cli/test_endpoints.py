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


def test_the_local_file_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    found = endpoints.load(None, None)
    assert found.api == "http://api"  # without the slash, so that paths can follow
    assert found.is_local
    assert found.region == "eu-west-1"
    assert endpoints.load(None, "local") == found


def test_a_named_file_comes_before_the_local_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    other = write(tmp_path / "other", api="https://other", aws="")
    monkeypatch.chdir(tmp_path)
    found = endpoints.load(other, None)
    assert found.api == "https://other"
    assert not found.is_local


def test_without_a_deployment_the_message_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
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
