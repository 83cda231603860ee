"""Reading pictures by the real tesseract."""

from pathlib import Path

import pytest
from PIL import Image

from rag.ocr_languages import installed
from rag.picture_ocr import FAILURES, languages_for, text_of
from tests.rag import pictures


def saved(tmp_path: Path, image: Image.Image) -> Path:
    path = tmp_path / "picture.png"
    image.save(path)
    return path


@pytest.mark.parametrize("size", [(900, 600), (450, 300)])
def test_labels_and_numbers_of_a_chart_are_read(tmp_path: Path, size: tuple[int, int]) -> None:
    chart = pictures.bar_chart().resize(size, Image.Resampling.LANCZOS)
    lines = text_of(saved(tmp_path, chart), "eng").split("\n")
    assert "Harvest in tonnes" in lines
    assert len({"Jan", "Feb", "Mar", "Apr", "May", "Jun"} & set(lines)) >= 5
    assert len({"100", "137", "174", "211", "248", "285"} & set(lines)) >= 5


def test_a_picture_without_letters_has_no_text(tmp_path: Path) -> None:
    assert text_of(saved(tmp_path, pictures.logo()), "eng") == ""


def test_what_cannot_be_read_fails_as_announced(tmp_path: Path) -> None:
    with pytest.raises(FAILURES):
        text_of(saved(tmp_path, pictures.bar_chart()), "xyz")
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    with pytest.raises(FAILURES):
        text_of(tmp_path / "damaged.png", "eng")


def test_languages_that_are_set_are_taken_as_they_are() -> None:
    assert languages_for("deu+eng", "Это русский текст") == "deu+eng"


def test_otherwise_the_text_around_tells_the_language() -> None:
    assert languages_for("auto", "") == "eng"
    assert languages_for("auto", "The harvest was good this year, and everybody went home early.") == "eng"
    russian = "rus+eng" if "rus" in installed() else "eng"
    assert languages_for("auto", "Урожай в этом году был хорошим, see Figure 1.") == russian
