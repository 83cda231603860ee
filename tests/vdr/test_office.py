"""Presentations and drawings become PDFs with a page a slide, without running or fetching anything."""

import http.server
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from core import media_types
from core.errors import DocumentError, SettingsError
from core.media_types import PDF
from core.settings import Settings
from tests.evaluation_data import folder
from tests.vdr.drawings import drawn, looks_like
from tests.vdr.slides import odg, odp, pptx
from vdr import office
from vdr.render import page_renderer

RED = (200, 0, 0)
installed = pytest.mark.skipif(not office.available(), reason="LibreOffice is not installed")


def converted(file: Path, place: Path, **settings: object) -> Path:
    """The PDF of a file of whatever kind it is."""
    with file.open("rb") as content:
        media_type = media_types.detect(content, file.name)
    assert media_type in office.CONVERTIBLE
    place.mkdir()
    return office.to_pdf(file, media_type, place, Settings(**settings))  # type: ignore[arg-type]


def texts(file: Path) -> list[str]:
    with pdfium.PdfDocument(file) as document:
        return [document[number].get_textpage().get_text_range().strip() for number in range(len(document))]


@installed
@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("docling_powerpoint_sample.pptx", 3),
        ("markitdown_test.pptx", 6),
        ("docling_odf_presentation_01.odp", 3),
        ("tika_testPPT_embeded.pptx", 1),
    ],
)
def test_a_real_presentation_has_a_page_a_slide(tmp_path: Path, name: str, pages: int) -> None:
    file = converted(folder("office", name), tmp_path / "work")
    images = drawn(page_renderer(Settings()), file, range(1, pages + 1), 512)
    assert all(image.convert("L").getextrema() != (255, 255) for image in images)
    with pdfium.PdfDocument(file) as document:
        assert len(document) == pages


def test_an_old_presentation_is_refused_with_advice(tmp_path: Path) -> None:
    file = folder("office", "unstructured_fake-power-point.ppt")
    with pytest.raises(DocumentError, match=r"as \.pptx or PDF") as raised:
        office.to_pdf(file, "application/vnd.ms-powerpoint", tmp_path, Settings())
    assert raised.value.code == "unsupported_type"


@installed
def test_hidden_slides_count_as_everywhere_else(tmp_path: Path) -> None:
    file = converted(pptx(tmp_path / "deck.pptx", ["First", "Second", "Third"], hidden=2), tmp_path / "work")
    assert texts(file) == ["First", "Second", "Third"]


@installed
def test_a_slide_show_is_a_presentation(tmp_path: Path) -> None:
    show = pptx(tmp_path / "deck.ppsx", ["Only"], show=True)
    assert texts(converted(show, tmp_path / "work")) == ["Only"]


@installed
def test_a_drawing_is_drawn(tmp_path: Path) -> None:
    file = converted(odg(tmp_path / "plan.odg", "#c80000"), tmp_path / "work")
    (image,) = drawn(page_renderer(Settings()), file, [1], 512, PDF)
    assert looks_like(image, (0.25, 0.25), RED)
    assert looks_like(image, (0.75, 0.75), (255, 255, 255))


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@installed
def test_a_picture_elsewhere_is_not_fetched(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    address, asked = web
    file = converted(odp(tmp_path / "deck.odp", f"{address}/secret.png"), tmp_path / "work")
    assert len(texts(file)) == 1
    assert asked == []


@installed
def test_a_picture_on_this_machine_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (400, 400), RED).save(secret)
    inside = converted(odp(tmp_path / "inside.odp", "Pictures/a.png", secret.read_bytes()), tmp_path / "one")
    linked = converted(odp(tmp_path / "linked.odp", secret.as_uri()), tmp_path / "other")
    renderer = page_renderer(Settings())
    assert looks_like(drawn(renderer, inside, [1], 512)[0], (0.5, 0.5), RED)  # so the next line means something
    assert not looks_like(drawn(renderer, linked, [1], 512)[0], (0.5, 0.5), RED)


@installed
def test_an_external_relationship_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (400, 400), RED).save(secret)
    deck = pptx(tmp_path / "deck.pptx", ["First"], linked=secret.as_uri())
    (image,) = drawn(page_renderer(Settings()), converted(deck, tmp_path / "work"), [1], 512)
    assert not looks_like(image, (0.5, 0.5), RED)


@installed
def test_a_damaged_file_is_the_documents_fault(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pptx"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("ppt/presentation.xml", "<nonsense/>")
    with pytest.raises(DocumentError) as raised:
        converted(broken, tmp_path / "work")
    assert raised.value.code == "corrupt"


@installed
def test_a_conversion_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    deck = pptx(tmp_path / "deck.pptx", ["First"])
    with pytest.raises(DocumentError) as raised:
        converted(deck, tmp_path / "work", office_timeout_seconds=0)
    assert raised.value.code == "parse_timeout"


def test_without_libreoffice_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    assert not office.available()
    with pytest.raises(SettingsError, match="LibreOffice is not installed"):
        converted(pptx(tmp_path / "deck.pptx", ["First"]), tmp_path / "work")
