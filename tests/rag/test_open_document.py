"""OpenDocument files: text, slides and sheets."""

import zipfile
from pathlib import Path

import pytest

from core.errors import DocumentError
from rag import open_document
from tests import evaluation_data

NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
    )
)


def made(path: Path, body: str, manifest: str = "<manifest/>") -> Path:
    file = path / "document"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/manifest.xml", manifest)
        content = f"<office:document-content {NAMESPACES}><office:body>{body}</office:body></office:document-content>"
        archive.writestr("content.xml", content)
    return file


def test_text_with_headings_lists_and_tables(tmp_path: Path) -> None:
    body = (
        '<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h text:outline-level="2">'
        "Fares</text:h><text:p>Dogs <text:span>travel</text:span><text:s/>free.</text:p>"
        "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row></table:table></office:text>'
    )
    (text,) = open_document.read(made(tmp_path, body), open_document.TEXT)
    assert text == "## Fares\n\nDogs travel free.\n\n- one\n\n| a |\n| --- |"


def test_slides_are_pages(tmp_path: Path) -> None:
    slide = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Season</text:p></draw:text-box>'
        "</draw:frame><text:p>Nineteen days</text:p></draw:page>"
    )
    body = f"<office:presentation>{slide * 2}</office:presentation>"
    assert open_document.read(made(tmp_path, body), open_document.PRESENTATION) == ["# Season\n\nNineteen days"] * 2


def test_sheets_are_pages(tmp_path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="2"><text:p>7</text:p></table:table-cell>'
    sheet = f'<table:table table:name="Fleet"><table:table-row>{cell}</table:table-row></table:table>'
    body = f"<office:spreadsheet>{sheet}</office:spreadsheet>"
    assert open_document.read(made(tmp_path, body), open_document.SPREADSHEET) == [
        "## Fleet\n\n| 7 | 7 |\n| --- | --- |"
    ]


@pytest.mark.parametrize(
    ("body", "manifest", "code"),
    [
        ("<office:text/>", "<manifest:encryption-data/>", "encrypted"),
        ("<office:text>", "<manifest/>", "corrupt"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, body: str, manifest: str, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        open_document.read(made(tmp_path, body, manifest), open_document.TEXT)
    assert raised.value.code == code


def test_entities_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "document"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(DocumentError) as raised:
        open_document.read(file, open_document.TEXT)
    assert raised.value.code == "corrupt"


@pytest.mark.parametrize(
    ("name", "media_type", "words"),
    [
        ("docling_odf_presentation_01.odp", open_document.PRESENTATION, "Final notes on the third slide."),
        ("unstructured_fake.odt", open_document.TEXT, "Leader"),
    ],
)
def test_files_of_others(name: str, media_type: str, words: str) -> None:
    assert words in "\n".join(open_document.read(evaluation_data.folder("office", name), media_type))
