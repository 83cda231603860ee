"""docs/settings.md by the code: every setting is documented, with its default and who sets it; nothing else is."""

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest

from core.settings import Settings
from tests.declarations import ROOT, declared
from tests.docs.documents import rows, section

TEXT = (ROOT / "docs" / "settings.md").read_text("utf-8")
ALL = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "docs").glob("*.md")))
DEPLOYED = (ROOT / "serverless.yml", *ROOT.glob("serverless/**/*.yml"))
DECLARED = "\n".join(file.read_text("utf-8") for file in DEPLOYED)
FROM_SHELL = re.compile(r"\$\{env:(\w+)")
SETTINGS = {field.name.upper(): field.default for field in fields(Settings)}
WHERE_VARIABLES_ARE_READ = ("cli", "local", "serverless", "layers", "benchmarks")
CODE = (".py", ".js", ".sh")


def names(title: str, kind: str) -> list[tuple[list[str], list[str]]]:
    """The names in the first column of a section's tables, each row with its other cells."""
    found = [(re.findall(r"`(\w+)`", first), rest) for first, *rest in rows(section(TEXT, title)) if "`" in first]
    assert all(re.fullmatch(kind, name) for row, _rest in found for name in row)
    return found


def flat(found: Iterable[tuple[list[str], list[str]]]) -> list[str]:
    return [name for row, _rest in found for name in row]


def written(default: Any) -> str:
    """A default as the tables have it."""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return f"`{text}`" if text else ""


def setter(name: str) -> str:
    """Who sets a function's variable in a deployment."""
    if name.startswith("AWS_LAMBDA_"):
        return "Lambda"
    if name in FROM_SHELL.findall(DECLARED):
        return "shell"
    return "stack" if re.search(rf"^ +{name}:", DECLARED, re.MULTILINE) else "code"


def test_every_variable_of_the_functions_is_documented_once() -> None:
    here = flat(names("Variables of the functions", "[A-Z_0-9]+"))
    assert len(set(here)) == len(here)
    assert set(here) <= set(SETTINGS)
    assert {name for name in SETTINGS if f"`{name}`" not in ALL} == set()


@pytest.mark.parametrize("row", names("Variables of the functions", "[A-Z_0-9]+"), ids=lambda row: row[0][0])
def test_its_default_and_who_sets_it_are_true(row: tuple[list[str], list[str]]) -> None:
    [name], (default, origin, meaning) = row
    assert (default, origin) == (written(SETTINGS[name]), setter(name))
    assert meaning


def test_every_parameter_of_a_stage_is_documented_with_its_default() -> None:
    declared_here = declared("serverless", "params.yml")["default"]
    documented = names("Parameters of a stage", "[a-zA-Z]+")
    assert sorted(flat(documented)) == sorted(declared_here)
    for row, (told, _meaning) in documented:
        given = [declared_here[name] for name in row]
        if "`" in told and not any("${" in str(default) for default in given):
            assert told == ", ".join(map(written, given))


def test_every_variable_of_this_machine_is_documented() -> None:
    here = set(flat(names("Variables of this machine", "[A-Z_]+")))
    files = [file for folder in WHERE_VARIABLES_ARE_READ for file in ROOT.glob(f"{folder}/**/*") if file.suffix in CODE]
    code = "\n".join(file.read_text("utf-8") for file in [*files, ROOT / "Makefile"]) + DECLARED
    ours = set(re.findall(r"\bAMPLIFY_RAG_[A-Z_]+\b", code))
    assert ours <= here
    assert set(FROM_SHELL.findall(DECLARED)) <= here | set(SETTINGS)
    assert {name for name in here if not re.search(rf"\b{name}\b", code)} == set()
