"""Dead letters on the command line, as operators see them."""

import json
import re

import pytest

from cli import dlq
from operations.letters import QueueName
from tests.cli.conftest import Run
from tests.cli.dead_letters import letter
from tests.cli.service import Service


@pytest.fixture
def letters(service: Service) -> None:
    unknown = {"kind": "unknown", "statusId": None, "documentId": None, "part": None, "pages": None}
    service.dead_letters.letters = [
        letter(1),
        letter(2, code="unavailable", queue="vdr"),
        letter(3, **unknown, status=None, code=None, bytes=17),
    ]


@pytest.mark.usefixtures("letters")
def test_letters_are_a_table(run: Run) -> None:
    result = run("dlq", "list")
    assert result.exit_code == 0
    assert re.search(r"letter-1 +text-rag +2026-11-21 09:00 +4 +document-1 +1 +51–100 +failed +gave_up", result.stdout)
    assert re.search(r"letter-3 .*\(unknown, 17 bytes\) .*\(none\)", result.stdout)
    assert result.stdout.splitlines()[-1] == "3 dead letters."
    assert result.stderr == ""


@pytest.mark.usefixtures("letters")
def test_a_list_is_narrowed_down_and_says_what_it_leaves_out(service: Service, run: Run) -> None:
    narrowed = json.loads(
        run("dlq", "list", "--code", "gave_up", "--queue", "text-rag", "-d", "document-1", "--json").stdout
    )
    assert [each["id"] for each in narrowed["deadLetters"]] == ["letter-1"]
    service.dead_letters.complete = False
    result = run("dlq", "list", "-n", 2)
    assert result.stdout.splitlines()[-1] == "3 dead letters, the latest 2 shown."
    assert "There may be more" in result.stderr
    assert run("dlq", "list", "--queue", "any").exit_code == 2


@pytest.mark.usefixtures("letters")
def test_one_letter_is_shown(run: Run) -> None:
    shown = run("dlq", "show", "letter-1")
    assert re.search(r"^statusId +uploads#me/\[1\]\.pdf$", shown.stdout, re.MULTILINE)
    assert json.loads(run("dlq", "show", "letter-1", "--json").stdout) == letter(1)
    missing = run("dlq", "show", "letter-9")
    assert (missing.exit_code, missing.stderr) == (1, "error: There is no such dead letter.\n")


@pytest.mark.parametrize(
    ("arguments", "selection"),
    [
        (["letter-1", "letter-9"], {"ids": ["letter-1", "letter-9"]}),
        (["--document", "document-1"], {"documentId": "document-1"}),
        (["--code", "gave_up", "--queue", "vdr"], {"code": "gave_up", "queue": "vdr"}),
        (["--all"], {"all": True}),
    ],
)
@pytest.mark.usefixtures("letters")
def test_letters_are_sent_again(service: Service, run: Run, arguments: list[str], selection: object) -> None:
    result = run("dlq", "replay", *arguments)
    assert result.exit_code == int("letter-9" in arguments)
    assert service.dead_letters.asked == [("replay", selection)]
    assert "sent again" in result.stdout
    assert ("not found" in result.stdout) == ("letter-9" in arguments)


@pytest.mark.usefixtures("letters")
def test_discarding_asks_first(service: Service, run: Run) -> None:
    refused = run("dlq", "discard", "letter-1", input="n\n")
    assert (refused.exit_code, refused.stderr.endswith("error: nothing discarded\n")) == (1, True)
    assert service.dead_letters.asked == []
    discarded = run("dlq", "discard", "letter-1", "--yes", "--json")
    assert json.loads(discarded.stdout)["discarded"] == 1
    assert run("dlq", "discard", "letter-1", "-y").stdout == "     1  not found\n"


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--all"], ["--code", "a", "--document", "b"], ["--all", "--queue", "a"]]
)
@pytest.mark.parametrize("action", ["replay", "discard"])
def test_nothing_is_meant_by_accident(service: Service, run: Run, action: str, arguments: list[str]) -> None:
    assert run("dlq", action, *arguments).exit_code == 2
    assert service.dead_letters.asked == []


def test_there_may_be_nothing_to_do(run: Run) -> None:
    assert run("dlq", "replay", "--all").stdout == "No dead letters fit.\n"
    assert run("dlq", "list").stdout == "0 dead letters.\n"


def test_others_are_refused_in_one_line(service: Service, run: Run) -> None:
    service.dead_letters.is_operator = False
    result = run("dlq", "list")
    assert (result.exit_code, result.stderr) == (1, "error: Only members of the group operators may do this.\n")


def test_the_queues_are_those_of_the_service() -> None:
    assert set(dlq.QUEUES) == set(QueueName)
