"""Commands that the documents speak of, wherever they stand: they exist."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import app
from local.settings import ROOT
from tests.docs.documents import documents

COMMAND_LINE = get_command(app)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
IN_CODE = re.compile(r"`[^`\n]+`|^    .+$|^```sh\n.*?^```$", re.MULTILINE | re.DOTALL)


def spoken(document: Path, pattern: str) -> Iterator[tuple[str, ...]]:
    """What a document says of commands, where it quotes them."""
    for code in IN_CODE.findall(document.read_text("utf-8")):
        yield from (match.groups() for match in re.finditer(pattern, code))


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(document: Path) -> None:
    assert isinstance(COMMAND_LINE, TyperGroup)
    for name, part in spoken(document, r"amplify-rag ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?"):
        command = COMMAND_LINE.commands.get(name)
        assert command, f"amplify-rag {name}"
        assert not isinstance(command, TyperGroup) or part is None or part in command.commands, (
            f"amplify-rag {name} {part}"
        )
    for (target,) in spoken(document, r"(?m)(?:^|`| {4}|; )make ([a-z-]+)\b"):
        assert target in TARGETS, f"make {target}"
    for (module,) in spoken(document, r"python -m ((?:benchmarks|local|layers)\.?\w*)"):
        assert find_spec(module), f"python -m {module}"
