"""Log lines are JSON with the documented fields, and never quote what they must not."""

import io
import json
from typing import Any

import pytest

from core import logs
from core.errors import TransientError


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged from here on."""
    buffer = io.StringIO()
    monkeypatch.setattr(logs._logger().registered_handler, "stream", buffer)
    return buffer


def last_line(written: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written.getvalue().splitlines()[-1])
    return found


def test_fields_stand_beside_the_message(written: io.StringIO) -> None:
    logs.info("Status updated", status="failed", statusId="b#k", duration_ms=3)
    line = last_line(written)
    assert (line["message"], line["status"], line["statusId"], line["duration_ms"]) == (
        "Status updated",
        "failed",
        "b#k",
        3,
    )


def test_a_timed_block_tells_its_duration(written: io.StringIO) -> None:
    with logs.timed("Text stage finished", stage="chunking") as counted:
        counted["chunks"] = 7
    line = last_line(written)
    assert (line["stage"], line["chunks"]) == ("chunking", 7)
    assert line["duration_ms"] >= 0


def test_a_program_keeps_its_stdout_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with logs.on_stderr():
        logs.warning("aside")
    logs.warning("to Lambda")
    written = capsys.readouterr()
    assert [json.loads(line)["message"] for line in written.err.splitlines()] == ["aside"]
    assert [json.loads(line)["message"] for line in written.out.splitlines()] == ["to Lambda"]


def test_the_message_of_a_foreign_error_is_not_logged(written: io.StringIO) -> None:
    try:
        try:
            raise ValueError("LINE 1: a sentence of the document")
        except ValueError as error:
            raise TransientError("the database is gone") from error
    except TransientError:
        logs.error("Message failed")
    line = last_line(written)
    assert "sentence of the document" not in json.dumps(line)
    assert (line["error_type"], line["reason"], line["cause"]["error_type"]) == (
        "TransientError",
        "the database is gone",
        "ValueError",
    )
    assert any("test_logs.py" in frame for frame in line["frames"])
