"""Copies of pictures for reading: decoded with limits, scaled to a size that OCR and vision models can read."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.disk import is_full
from core.media_types import RASTER
from rag.picture_candidates import Measures
from rag.picture_measures import measure

MAX_PIXELS = 60_000_000  #: of a picture that is decoded
MAX_BYTES = 50_000_000  #: of a picture within its document
READING_EDGE = 1600  #: pixels of the longer side of a copy
LEAST_EDGE = 24  #: pixels of the shorter side; less is a rule or a bullet and not looked at
PHOTO_COLOURS = 160  #: colours from which a copy is stored as JPEG
LEAST_ASPECT = 1 / 40  #: of the shorter side to the longer one

Undecodable = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, TypeError)


def digest(data: bytes) -> str:
    """What tells one picture's bytes from another's."""
    return hashlib.sha256(data).hexdigest()[:32]


class Copies:
    """Writes copies into a folder, one for each hash however often the picture occurs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[str, Measures | None]] = {}
        self.size = 0  #: bytes of all copies

    def known(self, hash: str) -> tuple[str, Measures | None] | None:
        """The file's name and the measures, if a picture with this hash was added."""
        return self._known.get(hash)

    def add(self, hash: str, image: Image.Image, size: tuple[int, int] | None = None) -> tuple[str, Measures | None]:
        """Keep a picture, of which the file has ``size`` pixels; a very small or narrow one gets neither."""
        size = size or image.size
        if min(size) < LEAST_EDGE or min(size) < LEAST_ASPECT * max(size):
            self._known[hash] = ("", None)
            return self._known[hash]
        copy = _on_white(image)
        copy.thumbnail((READING_EDGE, READING_EDGE), Image.Resampling.LANCZOS)
        measures = measure(copy, size)
        name = f"{hash}.{'jpg' if measures.colours >= PHOTO_COLOURS else 'png'}"
        copy.save(self._folder / name, quality=90, compress_level=3)  # each format takes the one it knows
        self.size += (self._folder / name).stat().st_size
        self._known[hash] = (name, measures)
        return self._known[hash]

    def add_bytes(self, hash: str, data: bytes) -> tuple[str, Measures | None]:
        """The same for the bytes of a picture file; one that cannot be decoded gets neither file nor measures."""
        if known := self.known(hash):
            return known
        try:
            with Image.open(io.BytesIO(data), formats=RASTER) as image:
                if image.width * image.height <= MAX_PIXELS:
                    size = image.size
                    image.draft(
                        "RGB", (READING_EDGE, READING_EDGE)
                    )  # a large JPEG is decoded at a fraction of its size
                    return self.add(hash, image, size)
        except Undecodable as error:
            # The search goes on: the picture is counted, and said to be undecodable by having no file.
            if is_full(error):
                raise
        self._known[hash] = ("", None)
        return self._known[hash]


def _on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, with white where it is transparent."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layers = image.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    if image.mode in {"I", "F", "I;16"}:
        values = np.asarray(image.convert("F"))  # (h, w)
        spread = max(float(np.ptp(values)), 1e-9)
        return Image.fromarray(((values - values.min()) * (255 / spread)).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")
