"""What is printed: others' names and texts reach the terminal as something to read, never as something to obey."""

import io
import json
import re
import unicodedata

import pytest
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.console import SafeConsole, print_json, print_json_line, printable
from tests.cli.conftest import Run
from tests.cli.service import Document, Service

HOSTILE = "\x1b]0;PWNED\x1b\\\x1b[31m\r\n../../\u202eevil\x9b2J\x7f\u200b\u200f\u061c\ufeff\U000e0041\ud800\u2028"
PERSIAN = "می\u200cخواهم"
FAMILY = "👨\u200d👩\u200d👧"
STYLES = re.compile(r"\x1b\[[0-9;]*m")  #: of rich itself


def acting(text: str) -> set[str]:
    """The characters that no terminal should get."""
    return {
        character
        for character in text
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in "\n\t\u200c\u200d"
    }


def terminal() -> tuple[SafeConsole, io.StringIO]:
    written = io.StringIO()
    return SafeConsole(file=written, force_terminal=True, color_system="standard", width=200, highlight=False), written


@pytest.mark.parametrize("soft_wrap", [True, False])
@pytest.mark.parametrize("markup", [True, False])
def test_a_line_holds_nothing_to_obey(soft_wrap: bool, markup: bool) -> None:
    console, written = terminal()
    console.print(escape(HOSTILE) if markup else HOSTILE, markup=markup, soft_wrap=soft_wrap)
    assert "PWNED" in written.getvalue()
    assert "evil" in written.getvalue()
    assert acting(written.getvalue()) == set()


def test_neither_does_a_table_nor_a_styled_text() -> None:
    console, written = terminal()
    table = Table("name", title=Text(HOSTILE))
    table.add_row(Text(HOSTILE, style="bold"))
    table.add_row(escape(HOSTILE), style="red")
    console.print(table)
    console.print(Text.assemble((HOSTILE, "red"), ": ", HOSTILE), style="dim")
    lines = STYLES.sub("", written.getvalue())
    assert lines != written.getvalue()  # our own styles come through
    assert acting(lines) == set()


def test_bars_move_the_cursor_and_their_names_do_not() -> None:
    console, written = terminal()
    with Progress("{task.description}", console=console, auto_refresh=False) as progress:
        progress.add_task(escape(HOSTILE))
        progress.refresh()
    assert "\x1b[?25l" in written.getvalue()
    assert "PWNED" in written.getvalue()
    assert "\x1b]" not in written.getvalue()
    assert acting(written.getvalue()) == {"\x1b", "\r"}  # rich's own, to draw the bar again


def test_each_character_is_shown_to_have_been_there() -> None:
    assert printable("a\x1b[31m\u202eb\r\n\tc") == "a\ufffd[31m\ufffdb\ufffd\n\tc"
    assert printable("co\xadop") == "co-op"


@pytest.mark.parametrize("text", ["été 報告 نامه.pdf", PERSIAN, FAMILY, "e\u0301", "❤\ufe0f"])
def test_every_script_is_kept(text: str) -> None:
    console, written = terminal()
    console.print(text, markup=False)
    assert written.getvalue() == f"{text}\n"


def test_json_is_the_same_value_in_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"fileName": HOSTILE, "snippet": f"{PERSIAN} été\u2029", HOSTILE: ["a\tb\n"]}
    print_json(value)
    print_json_line(value)
    written = capsys.readouterr().out
    assert acting(written) == set()
    assert "\\u001b]0;PWNED" in written
    assert f"{PERSIAN} été" in written
    assert "\\u009b2J\\u007f\\u200b" in written
    lines = written.splitlines()
    assert json.loads(lines[-1]) == json.loads("\n".join(lines[:-1])) == value


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("command", ["documents", "status", "query", "watch"])
def test_another_members_document_does_not_reach_the_terminal(
    service: Service, run: Run, command: str, as_json: bool
) -> None:
    name = HOSTILE.replace("\ud800", "")  # JSON over HTTP has none
    document = service.documents[name] = Document(name, 5)
    document.add("completed", 100, totalPages=1, chunks=1)
    text = {"content": name, "snippet": f"<mark>{name}</mark> {name}&#8238;", "headings": [name]}
    service.hits = [{"document_id": "d", "file_name": name, "page": 1, "score": 0.5, "chunk_id": 1, **text}]
    argument = {"documents": [], "query": ["evil?"]}.get(command, [document.id])
    result = run(command, *argument, *(["--json"] if as_json else []))
    assert "PWNED" in result.output, result.output
    assert acting(result.output) == set()
