"""What LibreOffice is given has no way out: links are emptied, everything else stays as it is."""

import base64
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from core.errors import DocumentError
from tests.vdr.slides import odp, pptx
from vdr import office_links
from vdr.office_links import isolate

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
OUTWARDS = "file:///etc/hostname"
DRAWING = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{OUTWARDS}"/></svg>'.encode()
RELATIONSHIP = '<Relationships><Relationship Id="a" Type="x/{}" Target="{}"{}/></Relationships>'
EXTERNAL = ' TargetMode="External"'


def without_links(xml: bytes) -> bytes:
    return office_links.without_links(io.BytesIO(xml))


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "http://example.org/a.png",
        "//example.org/a.png",
        "/etc/passwd",
        "../secret.png",
        "Pictures/../../secret.png",
        "%2e%2e/secret.png",
        "&#102;ile:///etc/passwd",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64," + base64.b64encode(DRAWING).decode(),
        "data:image/png;base64,?",
        "a\\b.png",
    ],
)
def test_references_outwards_are_emptied(reference: str) -> None:
    xml = f'<o:image xmlns:o="x" o:href="{reference}" o:kept="1"/>'
    rewritten = without_links(xml.encode()).decode()
    assert 'o:href=""' in rewritten
    assert 'o:kept="1"' in rewritten


@pytest.mark.parametrize(
    "reference", ["Pictures/1.png", "./Object 1", "#gradient", "Object%201", "data:image/png;base64,iVBORw0KGgo="]
)
def test_references_inwards_stay(reference: str) -> None:
    assert f'href="{reference}"' in without_links(f'<image href="{reference}"/>'.encode()).decode()


def test_links_to_click_stay() -> None:
    assert b"https://example.org" in without_links(b'<t:a xmlns:t="x" t:href="https://example.org/">here</t:a>')


@pytest.mark.parametrize(
    ("kind", "target", "mode", "stays"),
    [
        ("image", "../media/image 1.png", "", True),
        ("image", "/ppt/media/image1.png", "", True),
        ("image", "../media/image%201.png", "", True),
        ("image", "file:///etc/passwd", EXTERNAL, False),
        ("image", "secret.png", EXTERNAL, False),
        ("oleObject", "http://example.org/a", "", False),
        ("hyperlink", "https://example.org/", EXTERNAL, True),
    ],
)
def test_relationships_stay_within_the_package(kind: str, target: str, mode: str, stays: bool) -> None:
    rewritten = without_links(RELATIONSHIP.format(kind, target, mode).encode()).decode()
    assert (f'Target="{target}"' in rewritten) is stays
    assert ('Target=""' in rewritten) is not stays


def test_formulas_of_cells_go_and_those_of_shapes_stay() -> None:
    xml = b'<x><table-cell formula="of:=\'file:///a\'#A1" value="3"/><equation formula="left+2"/></x>'
    rewritten = without_links(xml).decode()
    assert "of:=" not in rewritten
    assert 'value="3"' in rewritten
    assert "left+2" in rewritten


def test_prefixes_text_and_other_encodings_survive() -> None:
    xml = '<?xml version="1.0" encoding="UTF-16"?><a:b xmlns:a="y" c="of:x">Grüße &lt; 你好</a:b>'
    rewritten = without_links(xml.encode("utf-16")).decode()
    assert '<a:b xmlns:a="y" c="of:x">Grüße &lt; 你好</a:b>' in rewritten


@pytest.mark.parametrize(
    "xml", [b"<a><b></a>", b"<a", b'<!DOCTYPE a [<!ENTITY e "file:///etc/passwd">]><a href="&e;"/>', b"<a/>rest"]
)
def test_nothing_is_left_of_what_cannot_be_checked(xml: bytes) -> None:
    assert without_links(xml) == b""


def test_the_rest_of_a_package_is_the_same(tmp_path: Path) -> None:
    isolate(odp(tmp_path / "a.odp", "Pictures/a.png", PNG), tmp_path / "b.odp")
    with zipfile.ZipFile(tmp_path / "a.odp") as before, zipfile.ZipFile(tmp_path / "b.odp") as after:
        assert after.namelist() == before.namelist()
        assert after.read("Pictures/a.png") == PNG
        assert after.read("mimetype") == before.read("mimetype")
        assert after.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert b'"Pictures/a.png"' in after.read("content.xml")


@pytest.mark.parametrize(
    "drawing",
    [
        DRAWING,
        b" " * 300 + DRAWING,
        gzip.compress(DRAWING),
        DRAWING.decode().encode("utf-16-le"),
        b'<?xml version="1.0" encoding="IBM500"?>'.decode().encode("cp500") + DRAWING.decode().encode("cp500"),
        b"\xef\xbb\xbf" + DRAWING,
        b"<!-- " + b"x" * 5000 + b" -->" + DRAWING,
        b"PK\x03\x04" + DRAWING,
        b"\1\0\0\0" + DRAWING,
    ],
    ids=["plain", "blanks", "compressed", "utf-16", "ebcdic", "mark", "comment", "package", "almost EMF"],
)
@pytest.mark.parametrize("name", ["Pictures/a.svg", "Pictures/a.png", "Pictures/a.bin"])
def test_a_drawing_has_no_way_out_however_it_is_dressed(tmp_path: Path, name: str, drawing: bytes) -> None:
    isolate(odp(tmp_path / "a.odp", name, drawing), tmp_path / "b.odp")
    with zipfile.ZipFile(tmp_path / "b.odp") as after:
        left = after.read(name)
    readings = [left, left.replace(b"\0", b""), left.decode("cp500").encode()]
    assert not left.startswith(b"\x1f\x8b")
    assert not any(OUTWARDS.encode() in reading for reading in readings)


def test_a_file_within_the_text_is_left_out() -> None:
    inline = base64.b64encode(DRAWING).decode()
    xml = f'<a xmlns:o="x"><o:binary-data><b/>{inline}</o:binary-data><c>stays</c></a>'
    rewritten = without_links(xml.encode()).decode()
    assert inline not in rewritten
    assert "<c>stays</c>" in rewritten


@pytest.mark.parametrize("text", [b"application/vnd.oasis.opendocument.presentation", b"application/x\n"])
def test_the_media_type_of_a_package_stays(tmp_path: Path, text: bytes) -> None:
    isolate(odp(tmp_path / "a.odp", "kind", text), tmp_path / "b.odp")
    with zipfile.ZipFile(tmp_path / "b.odp") as after:
        assert after.read("kind") == text


def test_no_address_is_left_in_a_real_package(tmp_path: Path) -> None:
    isolate(pptx(tmp_path / "a.pptx", ["First"], linked="file:///etc/hostname"), tmp_path / "b.pptx")
    with zipfile.ZipFile(tmp_path / "b.pptx") as package:
        assert not any(b"/etc/hostname" in package.read(name) for name in package.namelist())


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.odp").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DocumentError):
        isolate(tmp_path / "a.odp", tmp_path / "b.odp")
