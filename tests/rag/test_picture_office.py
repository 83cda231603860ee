"""Pictures found in Word documents, presentations and web pages."""

import base64
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.shared import Inches

from core.settings import Settings
from rag.convert import DOCX, PPTX
from rag.picture_candidates import Candidate
from rag.picture_search import search
from tests.rag import pictures

OFFICE_NAMESPACES = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def found_in(path: Path, media_type: str, tmp_path: Path, pages: tuple[int, ...] = (1,)) -> list[Candidate]:
    copies = tmp_path / "copies"
    copies.mkdir()
    return search(path, media_type, pages, copies, Settings())


def word_file(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("The harvest")
    document.add_paragraph("This is what was brought home.")
    document.add_picture(io.BytesIO(pictures.file_of(pictures.bar_chart())), width=Inches(5))
    document.inline_shapes[0]._inline.docPr.set("descr", "Tonnes by month")
    document.add_paragraph("Figure 1: The harvest by month")
    document.add_paragraph("And this is who did it.")
    document.add_picture(io.BytesIO(pictures.file_of(pictures.photograph(), "JPEG")), width=Inches(4))
    header = document.sections[0].header.paragraphs[0].add_run()
    header.add_picture(io.BytesIO(pictures.file_of(pictures.logo())), width=Inches(0.5))
    document.save(str(path))
    return path


def test_pictures_of_a_word_document_know_what_is_around_them(tmp_path: Path) -> None:
    chart, photograph, logo = found_in(word_file(tmp_path / "made.docx"), DOCX, tmp_path)
    assert (chart.alt, chart.caption) == ("Tonnes by month", "Figure 1: The harvest by month")
    assert chart.above[0].endswith("This is what was brought home.\n")
    assert 0.15 < chart.share < 0.35
    assert photograph.above[0].endswith("And this is who did it.\n")
    assert [candidate.margin for candidate in (chart, photograph, logo)] == [False, False, True]
    assert {candidate.page for candidate in (chart, photograph, logo)} == {1}
    assert chart.file.endswith(".png") and photograph.file.endswith(".jpg")


def presentation(path: Path, target: str = "../media/image1.png", mode: str = "") -> Path:
    """Two slides, the second with a picture, in the order that the presentation gives them."""
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    slide = f"<p:sld {OFFICE_NAMESPACES}><p:cSld><p:spTree>{{}}</p:spTree></p:cSld></p:sld>"
    picture = (
        '<p:pic><p:nvPicPr><p:cNvPr id="2" name="x" descr="Tonnes by month"/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="rId1"/></p:blipFill>'
        '<p:spPr><a:xfrm><a:off x="1000000" y="500000"/><a:ext cx="5000000" cy="2500000"/></a:xfrm></p:spPr></p:pic>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "ppt/presentation.xml",
            f'<p:presentation {OFFICE_NAMESPACES}><p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/></p:sldIdLst>'
            '<p:sldSz cx="10000000" cy="5000000"/></p:presentation>',
        )
        slides = "".join(f'<Relationship Id="{key}" Target="slides/{key}.xml"/>' for key in "ab")
        archive.writestr("ppt/_rels/presentation.xml.rels", relations.format(slides))
        archive.writestr("ppt/slides/a.xml", slide.format(picture))
        archive.writestr("ppt/slides/b.xml", slide.format(""))
        relation = f'<Relationship Id="rId1" Target="{target}" {mode}/>'
        archive.writestr("ppt/slides/_rels/a.xml.rels", relations.format(relation))
        archive.writestr("ppt/media/image1.png", pictures.file_of(pictures.bar_chart()))
    return path


def test_a_picture_of_a_presentation_is_on_its_slide(tmp_path: Path) -> None:
    (chart,) = found_in(presentation(tmp_path / "made.pptx"), PPTX, tmp_path, (1, 2))
    assert (chart.page, chart.alt) == (2, "Tonnes by month")
    assert chart.share == pytest.approx(0.25)
    assert chart.box == pytest.approx((0.1, 0.4, 0.6, 0.9))


def test_pages_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    assert found_in(presentation(tmp_path / "made.pptx"), PPTX, tmp_path, (1,)) == []


@pytest.mark.parametrize(
    ("target", "mode"),
    [("http://127.0.0.1:9/x.png", 'TargetMode="External"'), ("file:///etc/hostname", 'TargetMode="External"')],
)
def test_what_lies_outside_is_never_fetched(tmp_path: Path, target: str, mode: str) -> None:
    assert found_in(presentation(tmp_path / "made.pptx", target, mode), PPTX, tmp_path, (1, 2)) == []


@pytest.mark.parametrize("target", ["../../../../etc/hostname", "file:///etc/hostname", "../media/none.png", ""])
def test_what_is_not_in_the_archive_is_not_decodable(tmp_path: Path, target: str) -> None:
    (picture,) = found_in(presentation(tmp_path / "made.pptx", target), PPTX, tmp_path, (1, 2))
    assert (picture.file, picture.measures) == ("", None)


def entities(archive: zipfile.ZipFile) -> None:
    archive.writestr("word/document.xml", '<!DOCTYPE d [<!ENTITY a "aaaa">]><d>&a;</d>')


def damaged_xml(archive: zipfile.ZipFile) -> None:
    archive.writestr("word/document.xml", "<d><p></d>")


def too_deep(archive: zipfile.ZipFile) -> None:
    archive.writestr("word/document.xml", "<d>" * 50_000 + "</d>" * 50_000)


@pytest.mark.parametrize("write", [entities, damaged_xml, too_deep])
def test_hostile_documents_have_no_pictures(tmp_path: Path, write: Callable[[zipfile.ZipFile], None]) -> None:
    file = tmp_path / "hostile.docx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        write(archive)
    assert found_in(file, DOCX, tmp_path) == []


def test_a_damaged_archive_has_no_pictures(tmp_path: Path) -> None:
    file = word_file(tmp_path / "made.docx")
    shutil.copy(file, tmp_path / "cut.docx")
    (tmp_path / "cut.docx").write_bytes(file.read_bytes()[:3000])
    assert found_in(tmp_path / "cut.docx", DOCX, tmp_path) == []


def test_pictures_of_a_web_page_are_those_it_holds_itself(tmp_path: Path) -> None:
    data = base64.b64encode(pictures.file_of(pictures.bar_chart())).decode()
    file = tmp_path / "page.html"
    file.write_text(
        "<html><head><title>x</title><script>var never = 1;</script></head><body>"
        "<h1>Harvest</h1><p>What was brought home.</p>"
        f'<figure><img alt="Tonnes  by month" src="data:image/png;base64,{data}">'
        "<figcaption>Figure 1: The harvest</figcaption></figure><img src='http://127.0.0.1:9/pixel.png'>"
        '<img src="file:///etc/hostname">'
        '<img src="data:image/png;base64,*?"><img src="data:image/png,%00%01"></body></html>'
    )
    chart, *damaged = found_in(file, "text/html", tmp_path)
    assert (chart.alt, chart.caption) == ("Tonnes by month", "Figure 1: The harvest")
    assert chart.above[0].split() == ["Harvest", "What", "was", "brought", "home."]
    assert [candidate.file for candidate in damaged] == ["", ""]
