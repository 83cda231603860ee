"""Pictures of pages become text, or a gap that says why not."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from core.jobs import Gap
from rag import ocr
from rag.pages import Page
from tests import evaluation_data

LETTER = Path(__file__).resolve().parents[2] / "samples" / "survey-letter-scan.pdf"


def picture_of(path: Path, page: int = 1, scale: float = 2.5) -> Image.Image:
    document = pdfium.PdfDocument(path)
    image: Image.Image = document[page - 1].render(scale=scale, grayscale=True).to_pil().copy()
    document.close()
    return image


def read(*images: Image.Image, languages: str = "eng") -> list[Page | Gap]:
    pictures = [(number, image.copy) for number, image in enumerate(images, 1)]
    return list(ocr.read_pictures(pictures, languages, workers=2))


def reason_of(found: Page | Gap) -> str:
    assert isinstance(found, Gap)
    return found.reason


def text_of(found: Page | Gap) -> str:
    assert isinstance(found, Page)
    assert found.source == "ocr"
    return found.text


def test_pages_come_in_their_order_with_their_paragraphs() -> None:
    letter, blank = read(picture_of(LETTER), Image.new("L", (600, 800), 255))
    assert "stern tube" in text_of(letter)
    assert text_of(letter).count("\n\n") >= 3
    assert (blank, text_of(blank)) == (Page(2, "", "ocr"), "")


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_righted(degrees: int) -> None:
    (letter,) = read(picture_of(LETTER).rotate(degrees, expand=True))
    assert "stern tube" in text_of(letter)


def test_a_large_picture_is_scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "MAX_PIXELS", 1_500_000)
    (letter,) = read(picture_of(LETTER, scale=5))
    assert "stern tube" in text_of(letter)


def test_a_language_that_is_not_installed_is_a_gap() -> None:
    (gap,) = read(picture_of(LETTER), languages="xxx")
    assert "OCR_LANGUAGES" in reason_of(gap)


def test_a_damaged_picture_is_a_gap() -> None:
    def damaged() -> Image.Image:
        raise OSError("truncated")

    (gap,) = ocr.read_pictures([(7, damaged)], "eng", workers=1)
    assert gap == Gap(7, "the picture of the page could not be read (OSError)")


def test_letters_of_another_script_are_not_invented() -> None:
    (gap,) = read(picture_of(evaluation_data.folder("ocr", "scan_install_ru.pdf")))
    assert "Cyrillic" in reason_of(gap)


def test_a_poor_scan_is_read() -> None:
    (page,) = read(picture_of(evaluation_data.folder("ocr", "scan_bashref_poor.pdf")))
    assert "Basic Shell Features" in text_of(page)
