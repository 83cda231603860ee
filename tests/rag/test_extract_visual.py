"""Pages of a PDF that are to be read as pictures too, and pages asked for with holes between them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from core.errors import DocumentError
from core.media_types import PDF
from core.settings import Settings
from rag.extract import extract
from rag.pages import Extraction

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SETTINGS = Settings(ocr_languages="eng")


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """A slide with a title and a picture of words, a photograph without any, a blank slide, and one of text only."""
    chart = Image.new("L", (900, 400), 255)
    ImageDraw.Draw(chart).text((60, 150), "Quarterly turbine output", fill=0, font=ImageFont.load_default(64))
    noise = np.random.default_rng(1).normal(128, 400, (300, 400)).clip(0, 255)  # the same at every run
    texture = Image.fromarray(noise.astype(np.uint8)).filter(ImageFilter.GaussianBlur(12))  # clouds
    pages = canvas.Canvas(str(tmp_path / "deck.pdf"), pagesize=(720, 405))
    pages.setFont("Helvetica", 28)
    pages.drawString(40, 350, "Results of the year")
    pages.drawImage(ImageReader(chart), 40, 90, 450, 200)
    pages.drawString(40, 40, "Audited in March")
    pages.showPage()
    pages.drawImage(ImageReader(texture), 0, 0, 720, 405)
    pages.showPage()
    pages.showPage()
    pages.setFont("Helvetica", 28)
    pages.drawString(40, 350, "Outlook for the next year")
    pages.showPage()
    pages.save()
    return tmp_path / "deck.pdf"


def read(path: Path, pages: range, visual: range | tuple[int, ...]) -> Extraction:
    return extract(path, PDF, pages, SETTINGS, lambda _: None, visual=visual)


def test_the_picture_adds_what_the_text_layer_lacks(deck: Path) -> None:
    first, photograph, blank, last = read(deck, range(1, 5), range(1, 5)).pages
    assert first.text == "Results of the year\n\nQuarterly turbine output\n\nAudited in March"
    assert first.source == "text-layer+ocr"
    (turbine,) = (word for word in first.words if word.text == "turbine")
    assert 0.06 < turbine.left < turbine.right < 0.68
    assert 0.28 < turbine.top < turbine.bottom < 0.78
    assert [(page.text, page.source) for page in (photograph, blank)] == [("", ""), ("", "")]
    assert (last.text, last.source) == ("Outlook for the next year", "text-layer")


def test_only_visual_pages_are_read_as_pictures(deck: Path) -> None:
    first, last = extract(deck, PDF, (1, 4), SETTINGS, lambda _: None, visual=(4,)).pages
    assert first.text == "Results of the year\n\nAudited in March"
    assert (first.words, [word.text for word in last.words]) == ((), ["Outlook", "for", "the", "next", "year"])


def test_visual_pages_without_text_are_no_failure(deck: Path) -> None:
    assert [page.text for page in read(deck, range(2, 4), range(2, 4)).pages] == ["", ""]
    with pytest.raises(DocumentError) as raised:
        read(deck, range(2, 4), ())
    assert raised.value.code == "no_text"


def test_a_text_layer_is_kept_where_ocr_has_no_data(deck: Path) -> None:
    settings = Settings(ocr_languages="xxx")
    found = extract(deck, PDF, (1,), settings, lambda _: None, visual=(1,))
    assert [page.text for page in found.pages] == ["Results of the year\n\nAudited in March"]
    assert [gap.page for gap in found.gaps] == [1]
    assert "OCR_LANGUAGES" in found.gaps[0].reason


def test_pages_with_holes_have_the_headings_in_force() -> None:
    handbook = SAMPLES / "crew-handbook.pdf"
    whole = {page.number: page for page in read(handbook, range(1, 20), ()).pages}
    some = extract(handbook, PDF, (5, 9, 10, 17), SETTINGS, lambda _: None).pages
    assert [page.number for page in some] == [5, 9, 10, 17]
    for page in some:
        assert [heading.title for heading in page.path] == [heading.title for heading in whole[page.number].path]


def test_pages_after_the_last_are_left_out(deck: Path) -> None:
    assert [page.number for page in extract(deck, PDF, (4, 5, 90), SETTINGS, lambda _: None).pages] == [4]
