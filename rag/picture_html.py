"""Find the pictures that a web page holds itself, as ``data:`` URIs; no address is ever fetched."""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

from rag.picture_candidates import Candidate
from rag.picture_files import MAX_BYTES, Copies, digest
from rag.picture_nearby import caption_around
from rag.plain import read_text

NEARBY = 400  #: characters before a picture by which its place is found again
_UNSEEN = {"script", "style", "template", "noscript", "title"}
_BLOCKS = {"p", "div", "figure", "figcaption", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "br", "section", "table"}


@dataclass(frozen=True)
class _Embedded:
    uri: str
    alt: str
    place: int  #: length of the text before it


class _Reader(HTMLParser):
    """Collects the text of a page and the pictures in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.pictures: list[_Embedded] = []
        self._length = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self._add("\n")
        values = {name: value or "" for name, value in attrs}
        if tag == "img" and values.get("src", "").lstrip().lower().startswith("data:image/"):
            alt = " ".join(values.get("alt", "").split())
            self.pictures.append(_Embedded(values["src"].strip(), alt, self._length))

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._add(data)

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self._length += len(text)


def find(path: Path, copies: Copies, at: Callable[[int], None], after: int) -> Iterator[Candidate]:
    """The pictures after the first ``after`` ones; ``at`` is told the number of each before it is decoded."""
    reader = _Reader()
    reader.feed(read_text(path, "text/html"))
    reader.close()
    text = "".join(reader.pieces)
    for number, picture in enumerate(reader.pictures[after:], after + 1):
        at(number)
        data = _decoded(picture.uri)
        key = digest(data)
        file, measures = copies.add_bytes(key, data)
        yield Candidate(
            page=1,
            hash=key,
            origin="image",
            file=file,
            alt=picture.alt,
            caption=caption_around(text, picture.place),
            above=(text[max(0, picture.place - NEARBY) : picture.place],),
            measures=measures,
        )


def _decoded(uri: str) -> bytes:
    """The bytes of a ``data:`` URI (RFC 2397); none if it is damaged or too large."""
    head, _, body = uri.partition(",")
    if len(body) > 2 * MAX_BYTES:
        return b""
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body))
    except (binascii.Error, ValueError):
        return b""
