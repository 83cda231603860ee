"""Archives: Office documents are zip files, and a small one may unpack to anything."""

import re
import zipfile
from pathlib import Path
from typing import IO

from core.errors import DocumentError

MAX_UNPACKED_BYTES = 400_000_000
MAX_RATIO = 200  #: unpacked to packed size of a large member; text of real documents stays below 30
RATIO_COUNTS_FROM = 20_000_000
MAX_CELLS = 5_000_000  #: of a sheet, counting the rectangle that its outermost cells span
READ_BYTES = 1 << 20

_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})(\d{1,7})"')


def check(path: Path) -> None:
    """Raises DocumentError: ``corrupt``, or ``too_large_when_unpacked`` before any memory was spent on it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES or any(map(_is_bomb, members)):
                raise _too_large()
            for member in members:
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    with archive.open(member) as sheet:
                        _check_sheet(sheet)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise DocumentError("corrupt", "The file is a damaged Office document.") from error


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > RATIO_COUNTS_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size)


def _check_sheet(sheet: IO[bytes]) -> None:
    """One cell in the last corner makes a reader build the whole rectangle."""
    columns = rows = unpacked = 0
    rest = b""
    while data := sheet.read(READ_BYTES):
        unpacked += len(data)
        window = rest + data
        for match in _CELL.finditer(window):
            columns = max(columns, _column(match[1]))
            rows = max(rows, int(match[2]))
        rest = window[-200:]
        if columns * rows > MAX_CELLS or unpacked > MAX_UNPACKED_BYTES:
            raise _too_large()


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large() -> DocumentError:
    return DocumentError("too_large_when_unpacked", "The file unpacks to far more than a document of its size holds.")
