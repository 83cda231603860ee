"""Image files are their own pages: upright, in RGB on white, scaled down, and bombs are refused."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.jobs import Gap
from core.settings import Settings
from tests.vdr.drawings import WHITE, drawn, looks_like
from vdr.render import PageRenderer, RenderedPage, page_renderer

RED, BLUE = (200, 0, 0), (0, 0, 200)
UPPER_LEFT, UPPER_RIGHT, LOWER_RIGHT = (0.25, 0.25), (0.75, 0.25), (0.75, 0.75)


@pytest.fixture
def renderer() -> PageRenderer:
    return page_renderer(Settings())


def marked(mode: str = "RGB", size: tuple[int, int] = (1200, 800), colour: tuple[int, int, int] = RED) -> Image.Image:
    """White, with the upper left quarter in a colour."""
    image = Image.new("RGB", size, WHITE)
    image.paste(colour, (0, 0, size[0] // 2, size[1] // 2))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("suffix", "media_type", "mode"),
    [
        ("png", "image/png", "RGB"),
        ("png", "image/png", "P"),
        ("png", "image/png", "RGBA"),
        ("jpg", "image/jpeg", "RGB"),
        ("jpg", "image/jpeg", "CMYK"),
        ("gif", "image/gif", "P"),
        ("bmp", "image/bmp", "RGB"),
        ("webp", "image/webp", "RGB"),
        ("tif", "image/tiff", "CMYK"),
    ],
)
def test_every_kind_is_shown(renderer: PageRenderer, tmp_path: Path, suffix: str, media_type: str, mode: str) -> None:
    file = tmp_path / f"a.{suffix}"
    marked(mode).save(file)
    (image,) = drawn(renderer, file, [1], 600, media_type)
    assert (image.mode, image.size) == ("RGB", (600, 400))
    assert looks_like(image, UPPER_LEFT, RED)
    assert looks_like(image, LOWER_RIGHT, WHITE)


def test_a_small_picture_is_not_blown_up(renderer: PageRenderer, tmp_path: Path) -> None:
    marked(size=(60, 40)).save(tmp_path / "a.png")
    (image,) = drawn(renderer, tmp_path / "a.png", [1], 600, "image/png")
    assert image.size == (60, 40)


def test_black_and_white_is_shown(renderer: PageRenderer, tmp_path: Path) -> None:
    marked("L", colour=(0, 0, 0)).convert("1").save(tmp_path / "a.tif", compression="group4")
    (image,) = drawn(renderer, tmp_path / "a.tif", [1], 600, "image/tiff")
    assert looks_like(image, UPPER_LEFT, (0, 0, 0))
    assert looks_like(image, LOWER_RIGHT, WHITE)


def test_sixteen_bits_are_brought_to_eight(renderer: PageRenderer, tmp_path: Path) -> None:
    Image.new("I;16", (600, 400), 100 * 256).save(tmp_path / "a.png")
    (image,) = drawn(renderer, tmp_path / "a.png", [1], 600, "image/png")
    assert looks_like(image, UPPER_LEFT, (100, 100, 100))


def test_what_is_transparent_is_white(renderer: PageRenderer, tmp_path: Path) -> None:
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(tmp_path / "a.png")
    (image,) = drawn(renderer, tmp_path / "a.png", [1], 600, "image/png")
    assert looks_like(image, UPPER_LEFT, WHITE)


@pytest.mark.parametrize(("suffix", "media_type"), [("jpg", "image/jpeg"), ("tif", "image/tiff"), ("png", "image/png")])
def test_a_photograph_is_turned_as_its_camera_says(
    renderer: PageRenderer, tmp_path: Path, suffix: str, media_type: str
) -> None:
    file = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise by a quarter
    marked().save(file, exif=exif)
    (image,) = drawn(renderer, file, [1], 600, media_type)
    assert image.size == (400, 600)
    assert looks_like(image, UPPER_RIGHT, RED)
    assert looks_like(image, UPPER_LEFT, WHITE)


def test_each_frame_of_a_tiff_is_a_page(renderer: PageRenderer, tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    marked().save(file, save_all=True, append_images=[marked(colour=BLUE), marked(size=(300, 900))])
    first, second, third = drawn(renderer, file, [1, 2, 3], 600, "image/tiff")
    assert looks_like(first, UPPER_LEFT, RED)
    assert looks_like(second, UPPER_LEFT, BLUE)
    assert third.size == (200, 600)
    assert isinstance(next(iter(renderer.render(file, "image/tiff", [4], 600))), Gap)


def test_a_bomb_is_refused(renderer: PageRenderer, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(empty_png(60_000, 60_000))
    assert list(renderer.render(file, "image/png", [1], 600)) == [Gap(1, "the picture has too many pixels")]


def test_one_large_frame_costs_only_itself(renderer: PageRenderer, tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    large = Image.new("1", (20_000, 20_000))
    marked().save(file, save_all=True, append_images=[large, marked()], compression="tiff_deflate")
    kinds = [type(item) for item in renderer.render(file, "image/tiff", [1, 2, 3], 600)]
    assert kinds == [RenderedPage, Gap, RenderedPage]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"not a picture"])
def test_a_damaged_picture_is_a_gap(renderer: PageRenderer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    (item,) = renderer.render(tmp_path / "a.png", "image/png", [1], 600)
    assert item == Gap(1, "the page is damaged and cannot be shown")


def empty_png(width: int, height: int) -> bytes:
    """A PNG that announces a size and has hardly any bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
