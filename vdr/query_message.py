"""The message by which the query function, which has no page model, gets a query's vectors from one that has.

Asked with ``{"action": "embed_query", "query": text}`` the function with the model answers
``{"space": name, "dimensions": d, "vectors": base64}``: little-endian 32-bit floats (q, d), row by row.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import TransientError
from vdr.multivector import Vectors

if TYPE_CHECKING:
    from vdr.embed import PageEmbedder

ACTION = "embed_query"
NUMBERS = "<f4"


@dataclass(frozen=True)
class PageQuery:
    """A query as a page model sees it."""

    space: str  #: name of the embedder's space, without a renderer
    vectors: Vectors  #: (q, d), L2-normalised rows


def request(query: str) -> dict[str, str]:
    """What to ask for the vectors of a query."""
    return {"action": ACTION, "query": query}


def answer(event: Mapping[str, Any], embedder: "PageEmbedder") -> dict[str, Any]:
    """The answer to a request; raises ValueError for one without a query."""
    query = event.get("query")
    if not isinstance(query, str) or not query.strip():
        raise ValueError("the message has no query")
    return write(PageQuery(embedder.space, embedder.embed_query(query)))


def write(query: PageQuery) -> dict[str, Any]:
    """The vectors of a query as JSON values."""
    data = query.vectors.astype(NUMBERS).tobytes()
    return {
        "space": query.space,
        "dimensions": int(query.vectors.shape[1]),
        "vectors": base64.b64encode(data).decode("ascii"),
    }


def read(message: Any) -> PageQuery:
    """The vectors in an answer; raises TransientError for anything else, as of a function that is being replaced."""
    try:
        data = np.frombuffer(base64.b64decode(message["vectors"], validate=True), dtype=NUMBERS)
        vectors = data.reshape(-1, int(message["dimensions"])).astype(np.float32)  # (q, d)
        space = str(message["space"])
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise TransientError("the page model's answer to a query cannot be read") from error
    if not len(vectors) or not space or not np.isfinite(vectors).all():
        raise TransientError("the page model's answer to a query holds no vectors")
    return PageQuery(space, vectors)
