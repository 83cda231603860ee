"""The type of a file is found by what is in it."""

import io
import zipfile

import pytest

from core.errors import DocumentError
from core.media_types import detect

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def archive(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        if mimetype:
            file.writestr("mimetype", mimetype)
        for name in names:
            file.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (PNG, "picture.pdf", "image/png"),  # a .pdf that is a PNG is a PNG
        (b"junk\n%PDF-1.7 ...", "x.txt", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "a", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", "image/webp"),
        (
            archive("word/document.xml"),
            "a.zip",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (archive("ppt/slides/1.xml"), "a", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        (archive("xl/workbook.xml"), "a", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (archive("content.xml", mimetype="application/epub+zip"), "a", "application/epub+zip"),
        (b"{\\rtf1 hello}", "a.doc", "application/rtf"),
        (b"<!DOCTYPE html><p>hi", "named.txt", "text/html"),
        (b"Name,Age\nAnn,3\n", "people.csv", "text/csv"),
        (b"# Title\n", "notes.md", "text/markdown"),
        (b"Received: from x\nSubject: y\n\nz", "mail", "message/rfc822"),
        ("Grüße".encode("utf-16"), "a.txt", "text/plain"),
        ("Guten Tag".encode("utf-16-be"), "a.txt", "text/plain"),
        (b"plain words", "information.bin", "text/plain"),
    ],
)
def test_detect(data: bytes, name: str, expected: str) -> None:
    assert detect(io.BytesIO(data), name) == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes(range(256)) * 4, "unsupported_type"),
        (archive("readme.txt"), "unsupported_type"),
        (b"PK\x03\x04 broken", "corrupt"),
        (b"what is left of a PDF", "corrupt"),
        (archive("[Content_Types].xml"), "corrupt"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken", "corrupt"),
    ],
)
def test_what_cannot_be_read_is_the_documents_fault(data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        detect(io.BytesIO(data), "a.pdf")
    assert raised.value.code == code
