"""Embed: pages to vectors, by the text model on their text or by the page model that the settings name.

Importing this file loads no model and no engine; ``page_embedder`` does. Vectors carry the name of their space; vectors
of different spaces are never compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from core.settings import Settings
from vdr.multivector import Encoding, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

    from vdr.page_model import PageModelOptions

TEXT_PROXY = "text-proxy"


@dataclass(frozen=True)
class PageInput:
    """What is known of a page when it is embedded; a model takes what it can use."""

    page: int
    image: "Image | None"  #: RGB; needed by models of page images
    text: str  #: the page's whole text
    title: str = ""  #: the document's title
    context: str = ""  #: text of the page before


class PageEmbedder(Protocol):
    """A model of pages, loaded."""

    @property
    def space(self) -> str:
        """Name of the vector space: model, precision and all settings that change a vector."""
        ...

    @property
    def label(self) -> str:
        """What found a page, for people."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How a page's vectors are stored."""
        ...

    @property
    def needs_images(self) -> bool:
        """Whether pages must be rendered for it."""
        ...

    @property
    def image_edge(self) -> int:
        """Pixels of the longer side that are worth rendering for it; 0 where it needs no images."""
        ...

    def __call__(self, pages: Sequence[PageInput]) -> list[Vectors]:
        """For each page its L2-normalised vectors (n, d), pooled; the same in any company.

        There are none of a page that the model has nothing to go by.
        """
        ...

    def embed_query(self, text: str) -> Vectors:
        """The L2-normalised vectors (q, d) of a query."""
        ...


def page_embedder(settings: Settings) -> PageEmbedder:
    """The embedder that the settings describe, loaded once in a process.

    Raises SettingsError when the model cannot be loaded; another model is never taken in its place.
    """
    if settings.vdr_model_name == TEXT_PROXY:
        return _text_proxy(settings)
    from vdr.page_model import PageModelOptions  # noqa: PLC0415  heavy: the packaged query function has no torch

    return _transformers(PageModelOptions.of(settings))


@cache
def _text_proxy(settings: Settings) -> PageEmbedder:
    from vdr.embed_text_proxy import TextProxyEmbedder  # noqa: PLC0415  loads the text model

    return TextProxyEmbedder(settings)


@cache
def _transformers(options: "PageModelOptions") -> PageEmbedder:
    from vdr import embed_late_interaction, embed_pooled, page_model  # noqa: PLC0415  heavy

    model = page_model.load(options)
    if model.kind.late_interaction:
        return embed_late_interaction.LateInteractionEmbedder(model, options.pool_factor)
    return embed_pooled.PooledEmbedder(model)
