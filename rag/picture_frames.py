"""The frames of an uploaded picture, each a page: how many, and how large, is known before any is decoded."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from core.errors import DocumentError
from core.media_types import RASTER

MAX_FRAMES = 500  #: of a TIFF
MAX_PIXELS = 160_000_000  #: of a frame

Frame = Callable[[], Image.Image]  #: makes the picture, in grey


def frames(path: Path, media_type: str) -> list[tuple[int, Frame]]:
    """The frames, from 1: of a TIFF all, of other pictures, animated ones included, the first.

    A later frame with too many pixels raises DecompressionBombError when it is made. Raises DocumentError: ``corrupt``,
    ``too_large_when_unpacked`` for the first one, or ``too_many_pages``.
    """
    Image.MAX_IMAGE_PIXELS = None  # decided here, frame by frame
    try:
        with Image.open(path, formats=RASTER) as opened:
            _bound(opened)
            opened.load()
            count = _count(opened) if media_type == "image/tiff" else 1
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise DocumentError("corrupt", "The picture is damaged and cannot be read.") from error
    except Image.DecompressionBombError as error:
        raise DocumentError("too_large_when_unpacked", "The picture has too many pixels.") from error
    return [(index + 1, partial(_frame, path, index)) for index in range(count)]


def _count(image: Image.Image) -> int:
    """The count would take longer than reading the frames if there were many; so it is asked for a bound first."""
    try:
        image.seek(MAX_FRAMES)
    except EOFError:
        return int(getattr(image, "n_frames", 1))
    raise DocumentError("too_many_pages", f"The picture has more than {MAX_FRAMES} pages; divide it.")


def _frame(path: Path, index: int) -> Image.Image:
    with Image.open(path, formats=RASTER) as image:
        image.seek(index)
        _bound(image)
        return image.convert("L")


def _bound(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError(f"{image.width} x {image.height}")
