"""Pictures of text are turned until their lines are level, and places on them are found again."""

import pytest
from PIL import Image, ImageDraw

from rag import ocr_righting

SIZE = (900, 1200)


def lines() -> Image.Image:
    """Thirty level lines of words."""
    image = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(image)
    for row in range(30):
        for column in range(10):
            draw.rectangle((100 + 70 * column, 150 + 30 * row, 155 + 70 * column, 162 + 30 * row), fill=20)
    return image


@pytest.mark.parametrize("degrees", [-9.0, -2.5, -1.0, 1.0, 4.0, 8.5])
def test_the_skew_of_a_page_is_found(degrees: float) -> None:
    askew = lines().rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    assert ocr_righting.skew(askew) == pytest.approx(-degrees, abs=0.2)


def test_a_level_page_and_a_page_without_lines_stay_as_they_are() -> None:
    assert ocr_righting.skew(lines()) == 0
    assert ocr_righting.skew(Image.new("L", SIZE, 128)) == 0
    disc = Image.new("L", SIZE, 255)
    ImageDraw.Draw(disc).ellipse((200, 300, 700, 800), fill=0)
    assert ocr_righting.skew(disc) == 0


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 5.0, -93.5])
def test_a_place_on_the_turned_picture_is_found_on_the_page(degrees: float) -> None:
    image = Image.new("L", SIZE, 255)
    ImageDraw.Draw(image).rectangle((630, 240, 720, 263), fill=0)
    turned = ocr_righting.turned(image, degrees)
    dark = turned.image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert dark is not None
    left, top, right, bottom = turned.place(dark)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((675 / 900, 251.5 / 1200), abs=0.003)
    if degrees % 90 == 0:
        assert (left, top, right, bottom) == pytest.approx((0.7, 0.2, 721 / 900, 0.22), abs=0.002)
