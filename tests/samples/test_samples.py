"""The sample documents are what their README says, and can be made again."""

import os
import shutil
import subprocess
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]
import pptx
import pypdfium2
import pytest

from samples import make_samples, markup

SAMPLES = Path(make_samples.__file__).parent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples made just now."""
    folder = tmp_path_factory.mktemp("samples")
    make_samples.make(folder)
    return folder


def page_text(path: Path, number: int) -> str:
    """The text layer of a page, counted from 1, on one line."""
    with pypdfium2.PdfDocument(path) as document:
        page = document[number - 1]
        text = page.get_textpage()
        try:
            return " ".join(text.get_text_range().split())
        finally:
            text.close()
            page.close()


def test_making_them_twice_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    make_samples.make(tmp_path)
    for name in make_samples.WRITERS:
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name


def test_the_committed_ones_are_made_from_the_present_texts(made: Path) -> None:
    with pypdfium2.PdfDocument(SAMPLES / "crew-handbook.pdf") as handbook:
        pages = len(handbook)
    for number in range(1, pages + 1):
        texts = [page_text(folder / "crew-handbook.pdf", number) for folder in (SAMPLES, made)]
        assert texts[0] == texts[1], number
    for name in ("season-2025.pptx", "crew-council-minutes.docx", "fleet-records.xlsx", "summer-timetable.html"):
        # Compressed by another zlib the bytes might differ, but the sizes only a little.
        assert abs((SAMPLES / name).stat().st_size - (made / name).stat().st_size) < 500, name


def test_together_they_are_small() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in make_samples.WRITERS) < 3_000_000


def test_the_handbook_has_pages_outline_and_the_answer_on_page_9() -> None:
    path = SAMPLES / "crew-handbook.pdf"
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) == 31
        titles = [(bookmark.level, bookmark.get_title()) for bookmark in document.get_toc()]
    assert len([title for level, title in titles if level == 0]) == 18
    assert (1, "Mirrey") in titles
    answers = [number for number in range(1, 32) if "above 28 knots" in page_text(path, number)]
    assert answers == [9]


def test_the_letter_is_a_picture_that_ocr_can_read(tmp_path: Path) -> None:
    path = SAMPLES / "survey-letter-scan.pdf"
    assert [page_text(path, number) for number in (1, 2)] == ["", ""]
    tesseract = shutil.which("tesseract")
    if tesseract is None:
        pytest.skip("tesseract is not installed")
    with pypdfium2.PdfDocument(path) as document:
        document[0].render(scale=200 / 72).to_pil().save(tmp_path / "page.png")
    read = subprocess.run(  # noqa: S603  a program we looked up
        [tesseract, str(tmp_path / "page.png"), "-"],
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "wear of 4.2 millimetres" in " ".join(read.stdout.split())


def test_the_office_files_hold_their_answers() -> None:
    slides = pptx.Presentation(str(SAMPLES / "season-2025.pptx")).slides
    assert len(slides) == 10
    assert "A fender pile had broken" in slides[3].placeholders[1].text_frame.text
    minutes = docx.Document(str(SAMPLES / "crew-council-minutes.docx"))
    assert any("from 08:10 to 08:50" in paragraph.text for paragraph in minutes.paragraphs)
    workbook = openpyxl.load_workbook(SAMPLES / "fleet-records.xlsx", data_only=True)
    assert workbook.sheetnames == ["Fuel 2025", "Safety equipment", "Pier works 2026"]
    fuel = list(workbook["Fuel 2025"].values)
    assert fuel[-1][1] == sum(row[1] for row in fuel[1:-1])


def test_markup_blocks() -> None:
    blocks = markup.parse(
        "# Title\n\n## Part\n\nOne\nline.\n\n1. first\n2. second\n\n| a | b |\n|---|---|\n| 1 | |\n\n![waves]"
    )
    assert [(block.kind, block.text, block.level) for block in blocks] == [
        ("heading", "Title", 1),
        ("heading", "Part", 2),
        ("paragraph", "One line.", 0),
        ("step", "first", 1),
        ("step", "second", 2),
        ("table", "", 0),
        ("chart", "waves", 0),
    ]
    assert blocks[5].rows == (("a", "b"), ("1", ""))
