"""Files of lines: read with the place of each line, so that an error can name it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import RagError


class MalformedDataError(RagError):
    """The evaluation data cannot be read; the message names file and line."""


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line that is not blank, with its place ``file:number``; raises MalformedDataError without the file."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise MalformedDataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MalformedDataError(f"{path}: is not UTF-8") from error
    # Not splitlines(): texts may hold U+2028 and the like inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", line


def objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's JSON object with its place."""
    for place, line in lines(path):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise MalformedDataError(f"{place}: is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise MalformedDataError(f"{place}: is not a JSON object")
        yield place, value


def field(value: Mapping[str, Any], place: str, *names: str) -> str:
    """The text of the first of these fields; numbers are taken as text, as ids often are numbers."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)
    raise MalformedDataError(f"{place}: has no text field {' or '.join(names)}")
