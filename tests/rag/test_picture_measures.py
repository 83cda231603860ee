"""What the measures say of pictures whose content is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rag.picture_choice import NEARLY_SAME
from rag.picture_files import LEAST_EDGE, READING_EDGE, Copies
from rag.picture_measures import fingerprint, measure
from rag.picture_score import LETTERED
from tests.rag.pictures import bar_chart, file_of, logo, photograph


def test_a_chart_is_flat_has_few_colours_lines_and_labels() -> None:
    found = measure(bar_chart(), (900, 600))
    assert found.flat > 0.8 and found.main_colour > 0.5 and found.colours < 10
    assert found.rules >= 2
    assert 0.02 < found.text < 0.6
    assert (found.width, found.height) == (900, 600)


def test_a_photograph_has_high_entropy_and_nothing_flat() -> None:
    found = measure(photograph(), (640, 480))
    assert found.entropy > 6 and found.flat < 0.3 and found.main_colour < 0.2 and found.colours > 40


def test_an_empty_picture_has_nothing() -> None:
    found = measure(Image.new("RGB", (200, 100), "white"), (200, 100))
    assert (found.entropy, found.edges, found.flat, found.text, found.rules, found.bands) == (0, 0, 1, 0, 0, 0)


def test_bands_count_lines_and_columns_count_columns() -> None:
    pixels = np.full((120, 300), 255, dtype=np.uint8)  # (h, w)
    for row in range(5):
        for column in range(3):
            pixels[10 + 20 * row : 18 + 20 * row, 10 + 100 * column : 70 + 100 * column] = 0
    found = measure(Image.fromarray(pixels).convert("RGB"), (300, 120))
    assert (found.bands, found.columns, found.parts) == (5, 3, 15)


def test_parts_are_spots_that_do_not_touch() -> None:
    image = Image.new("RGB", (200, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse([10, 10, 90, 90], outline="black", width=4)
    draw.ellipse([40, 40, 60, 60], fill="black")  # within the ring
    draw.line([120, 20, 150, 150, 180, 20], fill="black", width=4)  # comes together only further down
    assert measure(image, image.size).parts == 3
    assert measure(logo(), (120, 120)).parts == 1
    assert measure(bar_chart(), (900, 600)).parts >= LETTERED


def test_near_identical_pictures_share_their_fingerprint() -> None:
    chart = bar_chart()
    assert (fingerprint(chart) ^ fingerprint(chart.resize((450, 300)))).bit_count() <= NEARLY_SAME
    assert (fingerprint(chart) ^ fingerprint(photograph())).bit_count() > 10


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "F"])
def test_copies_are_made_of_pictures_of_every_kind(tmp_path: Path, mode: str) -> None:
    pixels = (np.arange(64 * 48) % 251).reshape(48, 64)  # (h, w)
    if mode in {"I;16", "F"}:
        image = Image.fromarray(pixels.astype(np.uint16 if mode == "I;16" else np.float32))
    else:
        image = Image.fromarray(pixels.astype(np.uint8)).convert("RGB").convert(mode)
    name, measures = Copies(tmp_path).add("key", image)
    assert measures is not None and (measures.width, measures.height) == (64, 48)
    with Image.open(tmp_path / name) as copy:
        assert copy.mode == "RGB"


def test_copies_are_scaled_down_and_made_once(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    name, _ = copies.add("key", bar_chart(size=(3000, 1500)))
    with Image.open(tmp_path / name) as copy:
        assert copy.size == (READING_EDGE, READING_EDGE // 2)
    assert copies.add_bytes("key", b"not looked at") == copies.known("key")
    assert copies.size == sum(file.stat().st_size for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", file_of(bar_chart())[:500], file_of(Image.new("1", (30_000, 30_000)))],
    ids=["empty", "cut", "damaged", "bomb"],
)
def test_what_cannot_be_decoded_gets_no_copy(tmp_path: Path, data: bytes) -> None:
    assert Copies(tmp_path).add_bytes("key", data) == ("", None)
    assert not list(tmp_path.iterdir())


def test_very_small_and_narrow_pictures_are_not_looked_at(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    assert copies.add("bullet", logo().resize((LEAST_EDGE - 1, 100))) == ("", None)
    assert copies.add("rule", Image.new("RGB", (3000, 30))) == ("", None)
