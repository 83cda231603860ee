"""Embed by a bi-encoder of page images, such as BiModernVBERT: one vector a page."""

from collections.abc import Sequence

from vdr.embed import PageInput
from vdr.multivector import Encoding, Vectors
from vdr.page_model import PageModel, images_of
from vdr.pool import unit


class PooledEmbedder:
    """The mean of the last layer's states over the tokens of a page's image and prompt, at unit length."""

    encoding: Encoding = "float16"
    needs_images = True

    def __init__(self, model: PageModel) -> None:
        self._model = model
        self.dimensions = model.dimensions
        self.image_edge = model.preparation.edge
        self.label = f"{model.name} (page images)"
        self.space = model.space

    def __call__(self, pages: Sequence[PageInput]) -> list[Vectors]:
        """One unit vector (1, d) for each page."""
        return [_mean(states) for states in self._model.read_images(images_of(pages))]

    def embed_query(self, text: str) -> Vectors:
        """One unit vector (1, d)."""
        return _mean(self._model.read_query(text))


def _mean(states: Vectors) -> Vectors:
    """(t, d) -> (1, d)"""
    return unit(states.mean(axis=0, keepdims=True))
