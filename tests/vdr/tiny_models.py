"""Page models small enough for a test, and pages to show them."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from transformers import ModernVBertForMaskedLM, ModernVBertModel

from benchmarks import random_page_model
from benchmarks.random_page_model import Sizes, Tower

#: An A4 page is cut into 3 x 4 tiles and stands a 13th time as a whole
SIZES = Sizes(
    text=Tower(64, 2, 4, 96),
    vision=Tower(64, 2, 4, 96),
    vocabulary=0,
    dimensions=32,
    tile=64,
    patch=16,
    shuffle=2,
    edge=256,
)
TOKENS_PER_TILE = SIZES.tile_tokens


def save_late_interaction(folder: Path, seed: int = 1) -> Path:
    """A ColModernVBERT of 32 dimensions."""
    return random_page_model.save_late_interaction(folder, SIZES, seed)


def save_pooled(folder: Path) -> Path:
    """A BiModernVBERT of 64 dimensions."""
    return random_page_model.save(folder, SIZES, 2, ModernVBertModel)


def save_language_model(folder: Path) -> Path:
    """A ModernVBERT that predicts words and finds no pages."""
    return random_page_model.save(folder, SIZES, 3, ModernVBertForMaskedLM)


def page(seed: int, size: tuple[int, int] = (210, 297)) -> Image.Image:
    """An image with shapes of its own, in the proportions of A4 upright unless given."""
    numbers = np.random.default_rng(seed)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = int(numbers.integers(0, size[0])), int(numbers.integers(0, size[1]))
        colour = (int(numbers.integers(256)), int(numbers.integers(256)), int(numbers.integers(256)))
        draw.rectangle((left, top, left + size[0] // 4, top + size[1] // 8), fill=colour)
    return image
