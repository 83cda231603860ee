"""Embed pages by their text alone: the text model in the place of a page model, where none is to be had.

It needs neither images nor torch, and is labelled for what it is: it does not see. A page is its lines and sentences,
in a vector each, because a slide says many small things and a question asks for one of them. What the page is about as
a whole, the text's own index says already: with a vector of the whole page, both say the same, and less is found.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from core.settings import Settings
from rag.embed import text_embedder
from rag.pages import Page
from rag.units import units_of
from vdr.embed import PageInput
from vdr.multivector import Encoding, Vectors

MAX_PIECES = 64  #: of a page; of more, neighbours go together. A slide has 6 on the average (4.5 KB), few have over 30
MIN_WORDS = 2  #: of a piece: one word alone, such as a label, is near to everything that mentions it
_WORD = re.compile(r"\w+")


class TextProxyEmbedder:
    """The text model that the settings name, on the text of pages, in a vector space of its own."""

    encoding: Encoding = "float16"
    needs_images = False
    image_edge = 0
    label = "text-proxy (page text, not visual)"

    def __init__(self, settings: Settings) -> None:
        self._embedder = text_embedder(settings)
        self.space = f"text-proxy/{self._embedder.space}"
        self.dimensions = self._embedder.dimensions

    def __call__(self, pages: Sequence[PageInput]) -> list[Vectors]:
        """The unit vectors (n, d) of each page; none of a page without words."""
        texts = [_texts(page.text) for page in pages]
        distinct = list(dict.fromkeys(text for own in texts for text in own))
        if not distinct:
            return [np.zeros((0, self.dimensions), np.float32) for _ in pages]
        vectors = self._embedder(distinct)  # (distinct, d)
        places = {text: place for place, text in enumerate(distinct)}
        return [vectors[[places[text] for text in own]] for own in texts]

    def embed_query(self, text: str) -> Vectors:
        """The unit vector (1, d) of a query."""
        return self._embedder.embed_query(text)[None]


def _texts(text: str) -> list[str]:
    """What to embed of a page: its pieces, each once; where no piece has enough words, all together."""
    whole = text.strip()
    if not _WORD.search(whole):
        return []
    return list(dict.fromkeys(_together(list(_pieces(whole))))) or [whole]


def _pieces(text: str) -> Iterator[str]:
    """The lines of a page and the sentences of its paragraphs."""
    for unit in units_of([Page(1, text, "converted")]):
        piece = text[unit.start : unit.end]
        if len(_WORD.findall(piece)) >= MIN_WORDS:
            yield piece


def _together(pieces: Sequence[str]) -> list[str]:
    """At most MAX_PIECES, neighbours joined evenly."""
    size = -(-len(pieces) // MAX_PIECES) or 1
    return ["\n".join(pieces[first : first + size]) for first in range(0, len(pieces), size)]
