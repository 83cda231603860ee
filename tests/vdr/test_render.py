"""Pages of PDFs are drawn alike by both programs: every size, rotation and damage, in bounded memory."""

import os
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from PIL import Image

from core.errors import SettingsError
from core.jobs import Gap
from core.media_types import PDF
from core.settings import Settings
from tests.evaluation_data import folder
from tests.vdr.drawings import A4, WHITE, colour_of, crop, drawn, looks_like, rotate, without_page, write_pdf
from vdr.render import BATCH_PAGES, PageRenderer, RenderedPage, page_renderer

UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT = (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)


@pytest.fixture(params=["poppler", "pdfium"])
def renderer(request: pytest.FixtureRequest) -> PageRenderer:
    return page_renderer(Settings(page_renderer=request.param))


def test_pages_come_in_order_and_look_like_themselves(renderer: PageRenderer, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4] * (BATCH_PAGES + 4))
    pages = [1, 2, 5, 6, 7, 9, 11, 12]
    for page, image in zip(pages, drawn(renderer, file, pages, 400), strict=True):
        assert (image.mode, image.size) == ("RGB", (283, 400))
        assert looks_like(image, UPPER_LEFT, colour_of(page))
        assert looks_like(image, LOWER_RIGHT, WHITE)


@pytest.mark.parametrize(
    ("points", "pixels"),
    [
        ((18000.0, 36000.0), (512, 1024)),
        ((36000.0, 18000.0), (1024, 512)),
        ((3.0, 4.0), (768, 1024)),
        ((1.0, 5000.0), (1, 1024)),
        ((612.0, 792.0), (792, 1024)),
        ((733.3333, 733.3333), (1024, 1024)),
    ],
)
def test_the_longer_side_is_as_asked(
    renderer: PageRenderer, tmp_path: Path, points: tuple[float, float], pixels: tuple[int, int]
) -> None:
    (image,) = drawn(renderer, write_pdf(tmp_path / "a.pdf", [points]), [1], 1024)
    assert max(image.size) == 1024
    assert image.size == pytest.approx(pixels, abs=1)


@pytest.mark.parametrize("edge", [1, 333, 1024, 2048, 2049])
def test_any_edge_is_met(renderer: PageRenderer, tmp_path: Path, edge: int) -> None:
    sizes = [(595.2756, 841.8898), (841.8898, 595.2756), (611.976, 791.968), (419.53, 595.28)]
    images = drawn(renderer, write_pdf(tmp_path / "a.pdf", sizes), [1, 2, 3, 4], edge)
    assert [max(image.size) for image in images] == [edge] * 4


@pytest.mark.parametrize(
    ("degrees", "coloured"), [(0, UPPER_LEFT), (90, UPPER_RIGHT), (180, LOWER_RIGHT), (270, LOWER_LEFT)]
)
def test_a_rotated_page_is_shown_upright(
    renderer: PageRenderer, tmp_path: Path, degrees: int, coloured: tuple[float, float]
) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4])
    rotate(file, 1, degrees)
    (image,) = drawn(renderer, file, [1], 500)
    assert image.size == ((354, 500) if degrees % 180 == 0 else (500, 354))
    for place in (UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT):
        assert looks_like(image, place, colour_of(1) if place == coloured else WHITE)


def test_only_the_visible_part_of_a_page_is_shown(renderer: PageRenderer, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [(600, 800)])
    crop(file, 1, (0, 400, 300, 800))
    (image,) = drawn(renderer, file, [1], 400)
    assert image.size == (300, 400)
    assert looks_like(image, LOWER_RIGHT, colour_of(1))


def test_a_damaged_page_costs_only_itself(renderer: PageRenderer, tmp_path: Path) -> None:
    file = without_page(write_pdf(tmp_path / "a.pdf", [A4] * 5), 3)
    items = list(renderer.render(file, PDF, [1, 2, 3, 4, 5], 300))
    assert items[2] == Gap(3, "the page is damaged and cannot be shown")
    for page in (1, 2, 4, 5):
        item = items[page - 1]
        assert isinstance(item, RenderedPage)
        assert looks_like(item.image, UPPER_LEFT, colour_of(page))


def test_a_page_that_does_not_exist_is_a_gap(renderer: PageRenderer, tmp_path: Path) -> None:
    items = list(renderer.render(write_pdf(tmp_path / "a.pdf", [A4] * 2), PDF, [2, 3], 300))
    assert [type(item) for item in items] == [RenderedPage, Gap]


def test_a_file_that_is_no_pdf_has_only_gaps(renderer: PageRenderer, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.7\nnothing of the sort")
    assert [type(item) for item in renderer.render(file, PDF, [1, 2], 300)] == [Gap, Gap]


def test_every_hostile_file_answers_for_each_page(renderer: PageRenderer) -> None:
    files = sorted(folder("hostile").glob("*.pdf"))
    assert files
    for file in files:
        items = list(renderer.render(file, PDF, [1, 2], 256))
        assert [item.page for item in items] == [1, 2], file.name
        assert all(max(item.image.size) == 256 for item in items if isinstance(item, RenderedPage)), file.name


def test_the_two_programs_show_the_same(tmp_path: Path) -> None:
    file = folder("routing", "federal-register-2020-17221.pdf")
    pictures = [drawn(page_renderer(Settings(page_renderer=name)), file, [1], 1600) for name in ("poppler", "pdfium")]
    one, other = (list(image.convert("L").resize((32, 41)).tobytes()) for (image,) in pictures)
    assert sum(abs(left - right) for left, right in zip(one, other, strict=True)) / len(one) < 4
    assert max(one) - min(one) > 40  # there is something to see


def test_few_pictures_are_in_memory(renderer: PageRenderer, tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4] * 24)
    one_picture = 3 * 2048 * 1448
    tracemalloc.start()
    try:
        for item in renderer.render(file, PDF, range(1, 25), 2048):
            assert isinstance(item, RenderedPage)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < one_picture  # Pillow's own memory is not traced: no picture was kept as bytes


def test_nothing_is_left_behind_when_only_some_are_taken(
    renderer: PageRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_pdf(tmp_path / "a.pdf", [A4] * 4)
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    items = renderer.render(file, PDF, [1, 2, 3, 4], 300)
    assert isinstance(next(items), RenderedPage)
    assert len(list(place.glob("*/*.jpg"))) == 3
    items.close()  # type: ignore[attr-defined]
    assert list(place.iterdir()) == []


def test_the_name_has_the_version(renderer: PageRenderer) -> None:
    program, version = renderer.name.split("-")
    assert program == renderer.program
    assert version.replace(".", "").isdigit()


def test_auto_is_poppler_where_it_is_installed() -> None:
    assert page_renderer(Settings()).program == "poppler"


def test_auto_is_pdfium_without_poppler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    assert page_renderer(Settings()).program == "pdfium"


def test_naming_a_missing_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"PAGE_RENDERER is poppler, but pdftoppm is not installed"):
        page_renderer(Settings(page_renderer="poppler"))


def test_naming_an_unknown_program_is_an_error() -> None:
    with pytest.raises(SettingsError, match="PAGE_RENDERER must be auto, poppler or pdfium, not mupdf"):
        page_renderer(Settings(page_renderer="mupdf"))


def test_a_text_file_is_not_for_drawing(renderer: PageRenderer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="text/plain"):
        next(renderer.render(tmp_path / "a.txt", "text/plain", [1], 300))


def test_pictures_stay_when_the_next_ones_are_drawn(renderer: PageRenderer, tmp_path: Path) -> None:
    images = drawn(renderer, write_pdf(tmp_path / "a.pdf", [A4] * 3), [1, 2, 3], 200)
    assert all(isinstance(image, Image.Image) and image.tobytes() for image in images)
