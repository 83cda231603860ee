"""Takes away whatever in an Office package points out of it: LibreOffice would load it and show it.

A linked picture is loaded even with its setting "block links of documents that are not trusted", and a file on this
machine needs no network. So LibreOffice is given a copy, in which relationships (Office Open XML) and references
(OpenDocument, SVG) lead only to members of the package. Links that a reader would click stay. LibreOffice tells what a
member is by its content, whatever its name, so all that is neither XML that can be checked nor begins as a picture or
font does is emptied: compressed drawings, embedded documents, films.

Started by ``vdr.office`` through ``core.child``: ``python -m vdr.office_links SOURCE TARGET``.
"""

import base64
import binascii
import io
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from xml.sax import SAXException
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.expatreader import DefusedExpatParser  # type: ignore[import-untyped]

from rag import archives

#: PNG, JPEG, GIF, BMP, TIFF, WebP, WMF: pictures that refer to nothing, and that nothing takes for XML
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"\xd7\xcd\xc6\x9a", b"\1\0\t\0")
FONTS = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf", b"wOFF")
HEAD_BYTES = 256
MEDIA_TYPE = re.compile(rb"application/[\w.+-]{1,100}\s*")  #: what the member "mimetype" holds, and nothing else
INLINE = ("binary-data", "binaryData", "binData")  #: elements whose text is a file, which may be anything
HYPERLINK = "/hyperlink"  #: end of the type of a relationship that is followed by a click only
REFERENCES = ("href", "base", "image-data")  #: attributes
OWN_DATA = re.compile(r"data:image/(?:png|jpeg);base64,(.*)", re.DOTALL)  #: a picture that is the reference itself


def isolate(source: Path, target: Path) -> None:
    """Copy a package without its ways out; raises DocumentError for one that is damaged or far too large unpacked."""
    archives.check(source)
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(target, "w", compresslevel=1) as copy:
        for name in dict.fromkeys(package.namelist()):
            if name.endswith("/"):
                continue
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            with package.open(name) as member:
                entry = zipfile.ZipInfo(name)
                entry.compress_type = method
                with copy.open(entry, "w") as place:
                    _copy(member, place)


def _copy(member: IO[bytes], place: IO[bytes]) -> None:
    head = member.read(HEAD_BYTES)
    member.seek(0)
    if _is_picture(head) or head.startswith(FONTS) or MEDIA_TYPE.fullmatch(head):
        shutil.copyfileobj(member, place)
    else:
        place.write(without_links(member))


def _is_picture(head: bytes) -> bool:
    return head.startswith(PICTURES) or (head.startswith(b"\1\0\0\0") and head[40:44] == b" EMF")


def without_links(xml: IO[bytes]) -> bytes:
    """An XML document without references to the outside; nothing of one that is malformed or defines entities."""
    rewritten = io.BytesIO()
    parser = DefusedExpatParser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(_Rewriter(rewritten))
    try:
        parser.parse(xml)
    except (SAXException, DefusedXmlException, ValueError, LookupError):
        return b""
    return rewritten.getvalue()


class _Rewriter(XMLGenerator):
    """Writes what it reads; names keep their prefixes, on which values of OpenDocument depend."""

    def __init__(self, place: io.BytesIO) -> None:
        super().__init__(place, "utf-8", short_empty_elements=True)
        self._inline = 0  # how many such elements are open

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  the library's name
        self._inline += _local(name) in INLINE
        kept = {key: _checked(name, key, attrs.getValue(key), attrs) for key in attrs.getNames()}
        super().startElement(name, AttributesImpl({key: value for key, value in kept.items() if value is not None}))

    def endElement(self, name: str) -> None:  # noqa: N802  the library's name
        self._inline -= _local(name) in INLINE
        super().endElement(name)

    def characters(self, content: str) -> None:
        """Text, but no files in base64."""
        if not self._inline:
            super().characters(content)

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: N802
        """Style sheets from elsewhere are not wanted."""


def _checked(element: str, key: str, value: str, attributes: AttributesImpl) -> str | None:
    """The value of an attribute as it may stay: unchanged, empty, or None to leave the attribute out."""
    element, attribute = _local(element), _local(key)
    if element == "Relationship" and attribute == "Target":
        return value if _is_hyperlink(attributes) or _stays_inside(value, attributes) else ""
    if element.endswith("table-cell") and attribute == "formula":
        return None  # it may read other files; the value that was computed stands beside it
    if attribute in REFERENCES and element != "a":
        return value if _is_member(value) else ""
    return "" if value.strip().lower().startswith("file:") else value


def _is_hyperlink(attributes: AttributesImpl) -> bool:
    return str(attributes.get("Type", "")).endswith(HYPERLINK)


def _stays_inside(target: str, attributes: AttributesImpl) -> bool:
    """Whether the target of a relationship is part of the package; unless it says external, it is looked for there."""
    return str(attributes.get("TargetMode", "")).strip().lower() != "external" and not set(":\\") & set(unquote(target))


def _is_member(reference: str) -> bool:
    """Whether a reference is to a member of the package, to a place in the same file, or holds its picture itself."""
    reference = unquote(reference.strip())
    if reference.startswith("#"):
        return True
    if own := OWN_DATA.fullmatch(reference):
        return _holds_picture(own[1])
    return not set(":\\") & set(reference) and not reference.startswith("/") and ".." not in reference


def _holds_picture(text: str) -> bool:
    """Whether base64 begins as a picture does, as what it is said to be means nothing to LibreOffice."""
    start = "".join(text[:HEAD_BYTES].split())[:64]
    try:
        return _is_picture(base64.b64decode(start[: len(start) // 4 * 4], validate=True))
    except (binascii.Error, ValueError):
        return False


def _local(name: str) -> str:
    return name.rpartition(":")[2]


if __name__ == "__main__":
    isolate(Path(sys.argv[1]), Path(sys.argv[2]))
