"""The type of a file, found by its content; the name only tells apart kinds of plain text."""

import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import BinaryIO

from core.errors import DocumentError

PDF = "application/pdf"
HEAD_BYTES = 4096

_OFFICE = "application/vnd.openxmlformats-officedocument"
#: Pillow's names of the picture formats that are read; others start programs, or are next to never seen
RASTER = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")
#: Slides and drawings: made to be looked at
PRESENTATIONS = frozenset(
    {
        f"{_OFFICE}.presentationml.presentation",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.graphics",
    }
)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", "application/rtf"),
)
_ZIP_MEMBERS = (
    ("word/", f"{_OFFICE}.wordprocessingml.document"),
    ("ppt/", f"{_OFFICE}.presentationml.presentation"),
    ("xl/", f"{_OFFICE}.spreadsheetml.sheet"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What a package may call itself: OpenDocument and books
_DECLARED = re.compile(r"application/(epub\+zip|vnd\.oasis\.opendocument\.[a-z-]+)")
_DAMAGED_ZIP = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, struct.error)
_OLE_STREAMS = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
#: Kinds of text that no magic number tells apart
_TEXT_SUFFIXES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".xml": "application/xml",
    ".eml": "message/rfc822",
    ".htm": "text/html",
    ".html": "text/html",
}
#: Names that promise a kind which has a mark of its own: text under them is what is left of a damaged file
_NEVER_TEXT = {".pdf", ".docx", ".pptx", ".xlsx", ".epub", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".gif"}
_MAIL_HEADERS = (b"return-path:", b"received:", b"mime-version:", b"message-id:", b"delivered-to:")


def detect(file: BinaryIO, file_name: str) -> str:
    """The media type of a seekable file; parses the directory of a package, hence to be used in a limited process.

    Raises DocumentError: ``encrypted`` for a protected Office file, ``unsupported_type`` for anything unknown.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    return of_head(head, file_name) or (_of_ole(file) if head.startswith(_OLE) else _of_zip(file))


def of_head(head: bytes, file_name: str) -> str | None:
    """The media type as the first HEAD_BYTES of a file tell it; none for packages, which must be looked into.

    Raises DocumentError ``unsupported_type``.
    """
    if head.startswith(_OLE):
        return None
    if b"%PDF-" in head[:1024]:  # some programs write something before it
        return PDF
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"PK\x03\x04"):
        return None
    return _of_text(head, file_name)


def _of_zip(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            declared = ""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                declared = archive.read("mimetype").decode("ascii", "replace").strip()
    except (*_DAMAGED_ZIP, zlib.error) as error:
        raise DocumentError("corrupt", "The file is a damaged archive or Office document.") from error
    if _DECLARED.fullmatch(declared):  # nothing else may be what its package says
        return declared
    for prefix, media_type in _ZIP_MEMBERS:
        if any(name.startswith(prefix) for name in names):
            return media_type
    if "[Content_Types].xml" in names:
        raise DocumentError("corrupt", "The file is an Office document without its main part.")
    raise DocumentError("unsupported_type", "The file is an archive; upload the documents in it one by one.")


def _of_ole(file: BinaryIO) -> str:
    import olefile  # noqa: PLC0415  only old Office files need it

    try:
        with olefile.OleFileIO(file) as container:
            streams = {entry[0] for entry in container.listdir()}
    except (OSError, ValueError, IndexError) as error:
        raise DocumentError("corrupt", "The file is a damaged Office document.") from error
    for stream, media_type in _OLE_STREAMS:
        if stream in streams:
            if media_type == "encrypted":
                raise DocumentError("encrypted", "The file is protected by a password; upload it without one.")
            return media_type
    raise DocumentError("unsupported_type", "The file is of a kind that cannot be read.")


def _of_text(head: bytes, file_name: str) -> str:
    if not _looks_like_text(head):
        raise DocumentError("unsupported_type", "The file is of a kind that cannot be read.")
    suffix = PurePosixPath(file_name).suffix.lower()
    if suffix in _NEVER_TEXT:
        raise DocumentError("corrupt", f"The file is named {suffix}, but its content is something else.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    by_name = _TEXT_SUFFIXES.get(suffix)
    if by_name:
        return by_name
    if start.startswith(_MAIL_HEADERS):
        return "message/rfc822"
    if start.startswith(b"<?xml"):
        return "text/html" if b"<html" in start else "application/xml"
    return "text/plain"


def _looks_like_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 with its mark
        return True
    if b"\x00" in head:
        # UTF-16 without a mark: every other byte of Latin text is zero.
        return min(head[0::2].count(0), head[1::2].count(0)) == 0 and head.count(0) > len(head) // 3
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return control * 50 <= len(head)
