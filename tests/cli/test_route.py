"""`amplify-rag route`: a table or JSON a file, without a service."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.route import runs
from core import child, child_limits
from core.routing import PageRoute
from tests.core.pdf_pages import lines, pdf, picture

SCAN = picture(0, 0, 600, 800)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["route", *map(str, arguments)])


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A scan, two pages of text, a scan, and a blank page."""
    file = tmp_path / "mixed.pdf"
    file.write_bytes(pdf(SCAN, lines(60), lines(50), SCAN, b""))
    return file


def test_the_table_joins_pages_that_are_alike(mixed: Path) -> None:
    result = run(mixed)
    assert result.exit_code == 0
    heading, *table = result.stdout.splitlines()
    assert heading == f"{mixed}: text (5 pages, 2 visual)"
    assert [row.split()[:2] for row in table] == [["1", "visual"], ["2–3", "text"], ["4", "visual"], ["5", "text"]]
    assert table[1].endswith("text: 2,550–3,060 characters")
    assert table[3].endswith("blank")


def test_json_is_one_object_a_file(mixed: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Nothing but text.")
    first, second = map(json.loads, run("--json", mixed, note).stdout.splitlines())
    assert (first["file"], first["route"]) == (str(mixed), "text")
    assert [page["route"] for page in first["pages"]] == ["visual", "text", "text", "visual", "text"]
    assert [page["page"] for page in first["pages"]] == [1, 2, 3, 4, 5]
    expected = [{"page": 1, "route": "text", "reason": "a text document"}]
    assert second == {"file": str(note), "route": "text", "pages": expected}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process leave the network")
def test_logs_do_not_stand_between_the_answers(mixed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = Path(child_limits.__file__).read_text()
    refused = tmp_path / "child_limits.py"
    refused.write_text(script.replace("CLONE_NEWNET = 0x40000000", "CLONE_NEWNET = 1"))  # the kernel knows no such flag
    monkeypatch.setattr(child_limits, "__file__", str(refused))
    child._warn_of_network.cache_clear()
    result = run("--json", mixed)
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == [str(mixed)]
    assert "not cut off from the network" in result.stderr


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(mixed: Path, tmp_path: Path) -> None:
    broken, empty = tmp_path / "broken.pdf", tmp_path / "empty.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    empty.touch()
    result = run(broken, tmp_path, tmp_path / "absent.pdf", empty, mixed)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{mixed}: text")
    messages = ("not a readable PDF", "Is a directory", "No such file", "The file is empty")
    complaints = result.stderr.splitlines()
    assert len(complaints) == len(messages)
    assert all(message in complaint for message, complaint in zip(messages, complaints, strict=True))


def test_no_file_is_wrong_usage() -> None:
    assert run().exit_code == 2


def test_runs_differ_by_route_and_kind_of_reason() -> None:
    pages = [
        PageRoute(1, "text", "text: 900 characters"),
        PageRoute(2, "text", "text: 1,200 characters"),
        PageRoute(3, "text", "blank"),
        PageRoute(4, "visual", "pictures on 30% of the page, text on 9%"),
        PageRoute(5, "visual", "pictures on 30% of the page, text on 12%"),
    ]
    assert runs(pages) == [
        ("1–2", "text", "text: 900–1,200 characters"),
        ("3", "text", "blank"),
        ("4–5", "visual", "pictures on 30% of the page, text on 9–12%"),
    ]
