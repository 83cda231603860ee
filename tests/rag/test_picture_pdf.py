"""Pictures found in PDFs that are made on the spot."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from core.media_types import PDF
from core.settings import Settings
from rag.picture_candidates import Candidate
from rag.picture_search import search
from tests.rag import pictures
from tests.rag.pictures import PAGE

Draw = Callable[[Canvas], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def found_in(folder: Path, *pages: Draw, rotation: int = 0) -> list[Candidate]:
    """What is found in a PDF with these pages."""
    file = folder / "made.pdf"
    canvas = Canvas(str(file), pagesize=PAGE)
    for draw in pages:
        canvas.setPageRotation(rotation)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    copies = folder / "copies"
    copies.mkdir()
    return search(file, PDF, range(1, len(pages) + 1), copies, Settings())


def test_a_chart_of_paths_is_found_and_rendered(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        pictures.text_lines(canvas, ["How the trees grew, year by year."], 700)
        pictures.drawn_chart(canvas, 100, 400)
        pictures.text_lines(canvas, ["Figure 4: Growth"], 370)

    (chart,) = found_in(folder, draw)
    assert (chart.page, chart.origin, chart.caption) == (1, "drawing", "Figure 4: Growth")
    assert chart.paths >= 8 and chart.slanted > 0
    assert chart.above[0] == "How the trees grew, year by year."
    assert chart.box == pytest.approx((100 / 595, 396 / 842, 400 / 595, 580 / 842), abs=0.05)
    with Image.open(folder / "copies" / chart.file) as copy:
        assert 1.2 < copy.width / copy.height < 2.2
        assert copy.getcolors(1 << 20) is not None and len(copy.getcolors(1 << 20) or []) > 2


def test_tables_of_text_and_underlines_are_no_pictures(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        pictures.ruled_table(canvas, 72, 700)
        for row in range(30):
            canvas.drawString(72, 500 - 15 * row, "A heading of its own")
            canvas.line(72, 498 - 15 * row, 180, 498 - 15 * row)

    assert found_in(folder, draw) == []


def test_a_remark_in_a_frame_with_an_icon_is_no_picture(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(72, 500, 400, 80)
        for size in range(2, 20):
            canvas.circle(95, 540, size)
        for row in range(4):
            canvas.drawString(125, 560 - 14 * row, "Mind that trees are not to be moved before winter is over.")

    assert found_in(folder, draw) == []


def test_a_repeated_image_has_one_copy_and_one_hash(folder: Path) -> None:
    mark = pictures.reader(pictures.logo())

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(mark, 500, 790, 40, 40)

    found = found_in(folder, draw, draw, draw)
    assert [candidate.page for candidate in found] == [1, 2, 3]
    assert len({candidate.hash for candidate in found}) == 1
    assert all(candidate.margin for candidate in found)
    assert len(list((folder / "copies").glob("*.png"))) == 1


def test_an_image_within_a_form_is_placed_right(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("inner")
        canvas.drawImage(pictures.reader(pictures.bar_chart()), 0, 0, 100, 100)
        canvas.endForm()
        canvas.translate(200, 300)
        canvas.scale(2, 1)
        canvas.doForm("inner")

    (chart,) = found_in(folder, draw)
    assert chart.box == pytest.approx((200 / 595, 300 / 842, 400 / 595, 400 / 842), abs=1e-3)
    assert chart.share == pytest.approx(200 * 100 / (595 * 842), rel=1e-3)
    assert chart.measures is not None and (chart.measures.width, chart.measures.height) == (900, 600)


def test_slices_are_one_picture(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        chart = pictures.bar_chart()
        for index in range(4):
            part = chart.crop((0, 150 * index, 900, 150 * (index + 1)))
            canvas.drawImage(pictures.reader(part), 100, 400 - 60 * index, 360, 60)

    (chart,) = found_in(folder, draw)
    assert chart.measures is not None and (chart.measures.width, chart.measures.height) == (900, 600)
    assert chart.box[1] * 842 == pytest.approx(220, abs=1)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_copy_is_as_the_reader_sees_the_page(folder: Path, rotation: int) -> None:
    def draw(canvas: Canvas) -> None:
        image = Image.new("RGB", (400, 200), "white")
        image.paste((255, 0, 0), (0, 0, 200, 100))  # its upper left quarter is red
        canvas.drawImage(pictures.reader(image), 100, 300, 400, 200)

    (found,) = found_in(folder, draw, rotation=rotation)
    with Image.open(folder / "copies" / found.file) as copy:
        red = {0: (0.25, 0.25), 90: (0.75, 0.25), 180: (0.75, 0.75), 270: (0.25, 0.75)}[rotation]
        assert copy.getpixel((int(red[0] * copy.width), int(red[1] * copy.height))) == (255, 0, 0)
        assert (copy.width > copy.height) == (rotation in {0, 180})


def test_labels_over_an_image_are_one_picture_with_it(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(pictures.reader(pictures.photograph()), 100, 300, 320, 240)
        for index in range(12):
            canvas.line(120, 320 + 15 * index, 390, 330 + 15 * index)

    (found,) = found_in(folder, draw)
    assert found.origin == "image"


def test_a_damaged_page_does_not_end_the_search(folder: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(pictures.reader(pictures.bar_chart()), 100, 300, 300, 200)

    found_in(folder, draw, draw)
    broken = folder / "broken.pdf"
    broken.write_bytes((folder / "made.pdf").read_bytes().replace(b"/Type /Page\n", b"/Type /Pug\n", 1))
    copies = folder / "more"
    copies.mkdir()
    assert 2 in {candidate.page for candidate in search(broken, PDF, [1, 2], copies, Settings())}
