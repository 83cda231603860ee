"""Embed by late interaction: a vector for every token of a page's image, such as ColModernVBERT, ColPali, ColQwen2."""

from collections.abc import Sequence

from core.errors import SettingsError
from vdr.embed import PageInput
from vdr.multivector import Encoding, Vectors
from vdr.page_model import PageModel, images_of
from vdr.pool import pool, unit


class LateInteractionEmbedder:
    """Keeps every vector that the model gives for a page, those of its prompt included, as they were trained to score.

    ``pool_factor`` vectors of a page become one on the average; a query's are never pooled.
    Raises SettingsError for a factor below 1.
    """

    encoding: Encoding = "bits"
    needs_images = True

    def __init__(self, model: PageModel, pool_factor: int) -> None:
        if pool_factor < 1:
            raise SettingsError("setting VDR_POOL_FACTOR: it must be at least 1")
        self._model, self._factor = model, pool_factor
        self.dimensions = model.dimensions
        self.image_edge = model.preparation.edge
        self.label = f"{model.name} (page images)"
        self.space = f"{model.space}/pool-{pool_factor}"

    def __call__(self, pages: Sequence[PageInput]) -> list[Vectors]:
        """The pooled unit vectors (n, d) of each page."""
        return [pool(unit(states), self._factor) for states in self._model.read_images(images_of(pages))]

    def embed_query(self, text: str) -> Vectors:
        """The unit vectors (q, d) of a query and of the tokens that its processor appends."""
        return unit(self._model.read_query(text))
