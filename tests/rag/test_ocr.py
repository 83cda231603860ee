"""Pictures of pages become text, or a gap that says why not."""

import os
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from core.jobs import Gap
from rag import ocr, ocr_languages
from rag.ocr_words import Reading
from tests import evaluation_data

Found = tuple[int, Reading] | Gap
TESSDATA = "/usr/share/tesseract-ocr/5/tessdata"
LETTER = Path(__file__).resolve().parents[2] / "samples" / "survey-letter-scan.pdf"


@pytest.fixture(autouse=True)
def _one_thread_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the limited child process; threads of tesseract only get in each other's way."""
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def picture_of(path: Path, page: int = 1, scale: float = 2.5) -> Image.Image:
    document = pdfium.PdfDocument(path)
    image: Image.Image = document[page - 1].render(scale=scale, grayscale=True).to_pil().copy()
    document.close()
    return image


def read(*images: Image.Image, languages: str = "eng") -> list[Found]:
    pictures = [(number, image.copy) for number, image in enumerate(images, 1)]
    return list(ocr.read_pictures(pictures, languages, workers=2))


def reason_of(found: Found) -> str:
    assert isinstance(found, Gap)
    return found.reason


def reading_of(found: Found) -> Reading:
    assert not isinstance(found, Gap)
    return found[1]


def text_of(found: Found) -> str:
    return reading_of(found).text


def test_pages_come_in_their_order_with_their_paragraphs() -> None:
    letter, blank = read(picture_of(LETTER), Image.new("L", (600, 800), 255))
    assert "stern tube" in text_of(letter)
    assert text_of(letter).count("\n\n") >= 3
    assert blank == (2, Reading())


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_righted(degrees: int) -> None:
    upright = picture_of(LETTER)
    found = reading_of(read(upright.rotate(degrees, expand=True))[0])
    assert "stern tube" in found.text
    # Its words are placed on the page as it lies.
    (word,) = [word.kept() for word in found.words if word.text == "stern"]
    (level,) = [word.kept() for word in reading_of(read(upright)[0]).words if word.text == "stern"]
    x, y = (level.left + level.right) / 2, (level.top + level.bottom) / 2
    lying = {90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[degrees]
    assert ((word.left + word.right) / 2, (word.top + word.bottom) / 2) == pytest.approx(lying, abs=0.01)


def test_without_data_of_orientations_they_are_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = Path(os.environ.get("TESSDATA_PREFIX", TESSDATA))
    if not (data / "eng.traineddata").exists():
        pytest.skip("the place of the data of tesseract is not known")
    (tmp_path / "eng.traineddata").symlink_to(data / "eng.traineddata")
    (tmp_path / "configs").symlink_to(data / "configs")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    (letter,) = read(picture_of(LETTER).rotate(90, expand=True))
    assert "stern tube" in text_of(letter)


@pytest.mark.parametrize("degrees", [-7, 5])
def test_a_skewed_page_is_righted(degrees: float) -> None:
    (letter,) = read(picture_of(LETTER).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255))
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


def test_the_script_decides_the_language_where_its_data_are_installed() -> None:
    if "rus" not in ocr_languages.installed():
        pytest.skip("tesseract's data of Russian are not installed")
    (page,) = read(picture_of(evaluation_data.folder("ocr", "scan_install_ru.pdf")), languages="auto")
    assert "СИСТЕМНЫЕ ТРЕБОВАНИЯ" in text_of(page)
    assert "USB memory sticks" in text_of(page)


def test_a_script_without_installed_data_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr_languages, "installed", lambda: frozenset({"eng"}))
    (gap,) = read(picture_of(evaluation_data.folder("ocr", "scan_install_ru.pdf")), languages="auto")
    assert "Cyrillic script, of which no language data are installed" in reason_of(gap)


def test_the_text_decides_the_language_in_latin_letters(tmp_path: Path) -> None:
    if "deu" not in ocr_languages.installed():
        pytest.skip("tesseract's data of German are not installed")
    written = canvas.Canvas(str(tmp_path / "german.pdf"), pagesize=(400, 120))
    written.setFont("Helvetica", 14)
    written.drawString(20, 80, "Die Fähre fährt täglich über den Fjord, außer an Feiertagen.")
    written.drawString(20, 60, "Für Fahrräder genügt ein ermäßigter Fahrschein.")
    written.save()
    image = picture_of(tmp_path / "german.pdf", scale=4)
    (page,) = read(image, languages="auto")
    assert "außer" in text_of(page)
    assert "ermäßigter" in text_of(page)


def test_a_poor_scan_is_read() -> None:
    (page,) = read(picture_of(evaluation_data.folder("ocr", "scan_bashref_poor.pdf")))
    assert "Basic Shell Features" in text_of(page)
