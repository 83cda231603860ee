"""Embed pages by their text alone: the text model in the place of a page model, where none is to be had.

It needs neither images nor torch, and is labelled for what it is: it does not see. A page is its whole text and each of
its lines and sentences, in a vector each, because a slide says many small things and a question asks for one of them.
A query is its sentence and its content words: slides are written in words, not in sentences.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from core.settings import Settings
from rag.embed import text_embedder
from rag.pages import Page
from rag.terms import content_words
from rag.units import units_of
from vdr.embed import PageInput
from vdr.multivector import Encoding, Vectors

MAX_PIECES = (
    31  #: of a page; where there are more, neighbours go together (with the whole page 24 KB at 384 dimensions)
)
MIN_WORDS = 2  #: of a piece: one word alone, such as a label, is near to everything that mentions it
QUERY_LANGUAGE = "en"  #: whose stop words are left out of a query; few of them are words of other languages
_WORD = re.compile(r"\w+")


class TextProxyEmbedder:
    """The text model that the settings name, on the text of pages, in a vector space of its own."""

    encoding: Encoding = "float16"
    needs_images = False
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
        """The unit vectors (q, d) of a query: of the sentence, and of its words without stop words."""
        words = " ".join(content_words(text, QUERY_LANGUAGE))
        asked = [text, words] if words and words != text else [text]
        return np.stack([self._embedder.embed_query(wording) for wording in asked])


def _texts(text: str) -> list[str]:
    """What to embed of a page: its whole text first, then its pieces, each once."""
    whole = text.strip()
    if not _WORD.search(whole):
        return []
    return list(dict.fromkeys([whole, *_together(list(_pieces(whole)))]))


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
