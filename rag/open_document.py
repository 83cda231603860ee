"""OpenDocument (ODF 1.2, part 1): the text of .odt, .odp and .ods files as Markdown, a page a slide or sheet."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree  # type: ignore[import-untyped]

from core.errors import DocumentError

TEXT = "application/vnd.oasis.opendocument.text"
PRESENTATION = "application/vnd.oasis.opendocument.presentation"
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"
KINDS = {TEXT, PRESENTATION, SPREADSHEET}

MAX_REPEATS = 100  #: of a cell with text; the empty cells up to a sheet's edge are repeats as well
MAX_DEPTH = 200  #: of nested elements that are followed
_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0",
}
#: What stands for blanks
_BLANKS = {"text:s": " ", "text:tab": " ", "text:line-break": "\n"}
#: Left out: comments, and text that was deleted and is only kept as a tracked change
_HIDDEN = {"office:annotation", "text:tracked-changes"}


def read(path: Path, media_type: str) -> list[str]:
    """The text of each page; raises DocumentError ``encrypted`` or ``corrupt``."""
    body = _content(path).find("office:body", _NAMESPACES)
    if body is None:
        raise _damaged()
    if media_type == PRESENTATION:
        return [_block(slide) for slide in body.iter(_tag("draw:page"))]
    if media_type == SPREADSHEET:
        return [f"## {table.get(_tag('table:name'), '')}\n\n{_rows(table)}" for table in body.iter(_tag("table:table"))]
    return [_block(body)]


def _content(path: Path) -> Element:
    try:
        with zipfile.ZipFile(path) as archive:
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise DocumentError("encrypted", "The file is protected by a password; upload it without one.")
            root: Element = ElementTree.fromstring(archive.read("content.xml"))
            return root
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, KeyError, RuntimeError, ParseError) as error:
        raise _damaged() from error


def _block(element: Element) -> str:
    """An element as paragraphs, with blank lines between them."""
    return "\n\n".join(block for block in _blocks(element, 0) if block.strip())


def _blocks(element: Element, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    for child in element:
        name = _name(child)
        if name == "text:h":
            level = child.get(_tag("text:outline-level"), "1")
            yield "#" * min(6, int(level) if level.isdigit() else 1) + " " + " ".join(_text(child).split())
        elif name == "text:p":
            yield _text(child).strip()
        elif name == "text:list":
            yield "\n".join("- " + " ".join(_block(item).split()) for item in child)
        elif name == "table:table":
            yield _rows(child)
        elif child.get(_tag("presentation:class")) == "title":
            yield "# " + " ".join(_block(child).split())
        elif name not in _HIDDEN:
            yield from _blocks(child, depth + 1)


def _rows(table: Element) -> str:
    rows = [_cells(row) for row in table.iter(_tag("table:table-row"))]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows if any(cells)]
    if not lines:
        return ""
    width = max(len(cells) for cells in rows)
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cells(row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        paragraphs = " ".join(_text(paragraph) for paragraph in cell.iter(_tag("text:p")))
        text = " ".join(paragraphs.replace("|", "/").split())
        repeats = cell.get(_tag("table:number-columns-repeated"), "1")
        cells += [text] * min(int(repeats) if repeats.isdigit() else 1, MAX_REPEATS if text else 1)
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(element: Element) -> str:
    """The text of a paragraph, of its spans and notes."""
    parts = [element.text or ""]
    for child in element:
        name = _name(child)
        parts.append(_BLANKS[name] if name in _BLANKS else "" if name in _HIDDEN else _text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _name(element: Element) -> str:
    """``prefix:local`` for the namespaces that matter here, the local name for others."""
    uri, _, local = str(element.tag).lstrip("{").partition("}")
    prefix = next((prefix for prefix, known in _NAMESPACES.items() if known == uri), "")
    return f"{prefix}:{local}" if prefix else local


def _damaged() -> DocumentError:
    return DocumentError("corrupt", "The file is a damaged Office document.")
