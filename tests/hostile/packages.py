"""Small Office packages, made by hand with whatever a test wants in their main part."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "application/vnd.openxmlformats-officedocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
)
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
PARAGRAPH = "<w:p><w:r><w:t>The ferry leaves at nine.</w:t></w:r></w:p>"


def package(path: Path, members: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def docx(path: Path, body: str, more: Mapping[str, str | bytes] | None = None) -> Path:
    document = (
        f'<w:document xmlns:w="{WORD}" xmlns:a="{DRAWING}" xmlns:r="{_OFFICE}"><w:body>{body}</w:body></w:document>'
    )
    parts = {"/word/document.xml": f"{_MAIN}.wordprocessingml.document.main+xml"}
    return package(path, {**_frame(parts, "word/document.xml"), "word/document.xml": document, **(more or {})})


def xlsx(path: Path, sheet: str) -> Path:
    parts = {
        "/xl/workbook.xml": f"{_MAIN}.spreadsheetml.sheet.main+xml",
        "/xl/worksheets/sheet1.xml": f"{_MAIN}.spreadsheetml.worksheet+xml",
    }
    members = {
        **_frame(parts, "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": relationships(("rId1", "worksheet", "worksheets/sheet1.xml", "")),
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}">{sheet}</worksheet>',
    }
    return package(path, members)


def odf(path: Path, media_type: str, body: str) -> Path:
    content = f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>"
    return package(path, {"mimetype": media_type, "META-INF/manifest.xml": "<m/>", "content.xml": content})


def relationships(*entries: tuple[str, str, str, str]) -> str:
    """A part's relationships: id, kind, target and further attributes."""
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}" {more}/>'
        for name, kind, target, more in entries
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{lines}</Relationships>'


def _frame(parts: Mapping[str, str], main: str) -> dict[str, str]:
    overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}">{defaults}{overrides}</Types>',
        "_rels/.rels": relationships(("rId1", "officeDocument", main, "")),
    }
