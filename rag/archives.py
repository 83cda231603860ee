"""Archives: Office documents are zip files, and a small one may unpack to anything."""

import zipfile
import zlib
from pathlib import Path

from core.errors import DocumentError
from rag.package_xml import look_through, too_large

MAX_MEMBERS = 50_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_RATIO = 200  #: unpacked to packed size of a large member; text of real documents stays below 30
RATIO_COUNTS_FROM = 20_000_000

_XML = (".xml", ".rels", ".vml", ".opf", ".ncx")
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError)


def check(path: Path) -> None:
    """Raises DocumentError: ``corrupt``, or ``too_large_when_unpacked`` before any memory was spent on it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise too_large()
            if any(map(_is_bomb, members)):
                raise too_large()
            for member in members:
                if member.filename.lower().endswith(_XML):
                    with archive.open(member) as content:
                        look_through(content, sheet=member.filename.startswith("xl/"))
    except _DAMAGED as error:
        raise DocumentError("corrupt", "The file is a damaged Office document.") from error


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > RATIO_COUNTS_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size)
