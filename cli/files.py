"""Which files an upload command means, and the names they get."""

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CliError

#: What is taken from a folder unless a pattern says otherwise
DOCUMENT_SUFFIXES = frozenset(
    {
        *(".pdf", ".epub", ".docx", ".doc", ".pptx", ".ppt", ".xlsx", ".xls", ".odt", ".odp", ".ods", ".rtf"),
        *(".html", ".htm", ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".xml", ".eml", ".msg"),
        *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    }
)


@dataclass(frozen=True)
class LocalFile:
    """A file to upload; ``name`` is its path in the user's folder of the service."""

    path: Path
    name: str
    media_type: str
    size: int  #: bytes

    def sha256(self) -> str:
        """The digest of its bytes, read in pieces."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def collect(paths: Iterable[Path], pattern: str | None) -> list[LocalFile]:
    """The files named, and those inside the folders named: documents, or whatever the pattern matches.

    A file keeps its own name, a file in a folder the path from that folder on, so that the same command names the same
    documents again. Raises CliError for a path that is not there, for two files of one name, and when nothing is found.
    """
    files = [_local_file(path, name) for path, name in _named(paths, pattern)]
    names: dict[str, Path] = {}
    for file in files:
        if names.setdefault(file.name, file.path) != file.path:
            raise CliError(f"{names[file.name]} and {file.path} would be the same document: upload their folder")
    if not files:
        raise CliError("no documents found" + ("" if pattern else " (--glob '*' takes files of every kind)"))
    return list({file.path: file for file in files}.values())


def _named(paths: Iterable[Path], pattern: str | None) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if path.is_dir():
            folder = path.resolve()
            for inside in sorted(folder.rglob(pattern or "*")):
                if inside.is_file() and _is_wanted(inside.relative_to(folder), pattern):
                    yield inside, inside.relative_to(folder.parent).as_posix()
        elif path.is_file():
            yield path, path.name
        else:
            raise CliError(f"{path}: no such file or folder")


def _is_wanted(path: Path, pattern: str | None) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and (pattern is not None or path.suffix.lower() in DOCUMENT_SUFFIXES)


def _local_file(path: Path, name: str) -> LocalFile:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return LocalFile(path, name, media_type, path.stat().st_size)
