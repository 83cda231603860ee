"""Preparation: a page's image as a model wants it, by the model's own processor at the settings' size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from core.errors import SettingsError

WHOLE_PAGE_EDGE = 1024  #: pixels rendered for models that shrink a page further

MOST_TILES = 6  #: in a row or column: the models have names for no more


@dataclass(frozen=True)
class Preparation:
    """How a processor cuts and scales; two of different names make different vectors."""

    name: str  #: part of the vector space's name, such as ``split-2048``
    edge: int  #: pixels of a page's longer side that are made use of: rendering more is wasted
    options: dict[str, Any]  #: for the processor
    shrink_to: int  #: pixels of the longer side before the processor sees the image; 0: as it comes

    def inputs(self, processor: Any, images: Sequence[Image.Image]) -> Any:
        """What the model takes for images, as torch tensors."""
        if self.shrink_to:
            images = [_shrunk(image, self.shrink_to) for image in images]
        return processor.process_images(images=list(images), **self.options)


def preparation(processor: Any, tiled: bool, splitting: bool, longest_edge: int) -> Preparation:
    """The preparation for a processor that cuts pages into tiles (or not) and the settings.

    Raises SettingsError for an edge that is smaller than a tile or takes more of them than the models know.
    """
    if longest_edge < 0:
        raise SettingsError("setting VDR_LONGEST_EDGE: it cannot be negative")
    if not tiled:
        name = f"edge-{longest_edge}" if longest_edge else "whole"
        return Preparation(name, longest_edge or WHOLE_PAGE_EDGE, {}, longest_edge)
    tile = int(processor.image_processor.max_image_size["longest_edge"])
    if not splitting:  # scaling to the full size first, as the processor would, changes nothing but the time
        whole = {"do_image_splitting": False, "do_resize": False}
        return Preparation(f"whole-{tile}", max(tile, WHOLE_PAGE_EDGE), {"images_kwargs": whole}, 0)
    if longest_edge and not tile <= longest_edge <= MOST_TILES * tile:
        raise SettingsError(f"setting VDR_LONGEST_EDGE: it must be 0 or within {tile} and {MOST_TILES * tile}")
    edge = longest_edge or int(processor.image_processor.size["longest_edge"])
    split = {"do_image_splitting": True, "size": {"longest_edge": edge}}
    return Preparation(f"split-{edge}", edge, {"images_kwargs": split}, 0)


def _shrunk(image: Image.Image, edge: int) -> Image.Image:
    """The image with a longer side of at most ``edge`` pixels."""
    if max(image.size) <= edge:
        return image
    copy = image.copy()
    copy.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return copy
