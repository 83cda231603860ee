"""Page images as they are stored and shown: WebP, at most so many pixels long."""

import io

from PIL import Image

QUALITY = 80
#: Of 0 to 6. Measured on pages of text and of slides (benchmarks/RESULTS.md)
METHOD = 2


def encode(image: Image.Image, edge: int) -> tuple[bytes, tuple[int, int]]:
    """The page as WebP with its longer side at most ``edge`` pixels, and its width and height."""
    scaled = image
    if max(image.size) > edge:
        factor = edge / max(image.size)
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        scaled = image.resize(size, Image.Resampling.HAMMING, reducing_gap=1.5)
    file = io.BytesIO()
    scaled.save(file, "WEBP", quality=QUALITY, method=METHOD)
    return file.getvalue(), scaled.size
