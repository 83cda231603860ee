"""Stored page images are WebP, never longer than asked, and small."""

import io

import pytest
from PIL import Image, ImageDraw

from vdr.page_images import encode


def page(width: int, height: int) -> Image.Image:
    """White with lines of different colours, as a page has."""
    image = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for y in range(10, height, 20):
        draw.line((0, y, width, y), fill=(y % 256, 40, 90), width=3)
    return image


@pytest.mark.parametrize(
    ("size", "edge", "stored"),
    [
        ((1582, 2048), 1600, (1236, 1600)),
        ((2048, 1152), 400, (400, 225)),
        ((300, 200), 1600, (300, 200)),
        ((1, 2048), 400, (1, 400)),
    ],
)
def test_the_longer_side_is_bounded(size: tuple[int, int], edge: int, stored: tuple[int, int]) -> None:
    content, said = encode(page(*size), edge)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("WEBP", stored)
    assert said == stored


def test_it_looks_as_before() -> None:
    original = page(800, 600)
    with Image.open(io.BytesIO(encode(original, 800)[0])) as stored:
        one, other = (list(image.convert("L").tobytes()) for image in (original, stored))
    assert sum(abs(left - right) for left, right in zip(one, other, strict=True)) / len(one) < 6


def test_it_is_much_smaller_than_its_pixels() -> None:
    assert len(encode(page(1200, 1600), 1600)[0]) < 1200 * 1600 * 3 / 40
