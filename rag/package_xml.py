"""The XML of a package, looked through before any reader builds a tree of it: depth, size, cells of a sheet.

Readers recurse into elements, keep all of them, and build the whole rectangle of a sheet for one cell in its last
corner. This pass keeps nothing but counts.
"""

import re
from typing import IO
from xml.parsers import expat

from core.errors import DocumentError

MAX_DEPTH = 256  #: of nested elements; tables within tables of real documents stay below 60
MAX_ELEMENTS = 5_000_000  #: of one member
MAX_CELLS = 5_000_000  #: of a sheet, counting the rectangle that its outermost cells span
READ_BYTES = 1 << 20
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def look_through(member: IO[bytes], *, sheet: bool) -> None:
    """Raises DocumentError: ``corrupt`` for entities and absurd nesting, ``too_large_when_unpacked``.

    What is not XML ends the look: those who read it end there as well.
    """
    counts = _Counts(sheet)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = counts.start
    parser.EndElementHandler = counts.end
    parser.EntityDeclHandler = _refuse_entity
    try:
        while data := member.read(READ_BYTES):
            parser.Parse(data)
    except expat.ExpatError:
        return


class _Counts:
    """What has been seen of a member."""

    def __init__(self, sheet: bool) -> None:
        self._sheet = sheet
        self._depth = self._elements = 0
        self._row = self._column = 0  # where the next cell is that does not say it
        self._rows = self._columns = 0  # of the rectangle

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise DocumentError("corrupt", "The file is nested deeper than any document is.")
        if self._elements > MAX_ELEMENTS:
            raise too_large()
        if self._sheet:
            self._place(name.rpartition("}")[2], attributes.get("r", ""))

    def end(self, _name: str) -> None:
        self._depth -= 1

    def _place(self, name: str, reference: str) -> None:
        if name == "row":
            self._row = int(reference) if reference.isdecimal() else self._row + 1
            self._column = 0
        elif name == "c":
            self._column += 1
            if found := _REFERENCE.fullmatch(reference.upper()):
                self._column, self._row = _number(found[1]), int(found[2])
            self._columns = max(self._columns, self._column)
        self._rows = max(self._rows, self._row)
        if self._rows * self._columns > MAX_CELLS:
            raise too_large()


def too_large() -> DocumentError:
    """What is said of a file that is a bomb, or looks like one."""
    return DocumentError("too_large_when_unpacked", "The file unpacks to far more than a document of its size holds.")


def _refuse_entity(*_declaration: object) -> None:
    raise DocumentError("corrupt", "The file defines entities, which documents of its kind have none of.")


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
