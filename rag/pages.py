"""What extraction yields: pages of text with their headings, and the form in which a child process hands them back."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

from core.jobs import Gap

#: Where a page's text is from; empty: the page has none
Source = Literal["text-layer", "ocr", "text-layer+ocr", "converted", ""]


@dataclass(frozen=True)
class Heading:
    """A heading within a page's text."""

    start: int  #: offset in the page's text where its section begins
    level: int  #: 1 is the highest
    title: str


class Word(NamedTuple):
    """A word on a page's picture; its box in parts of the page's width and height, from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Page:
    """The text of one page, with paragraphs separated by a blank line."""

    number: int  #: from 1
    text: str
    source: Source
    path: tuple[Heading, ...] = ()  #: headings in force where the page begins, the highest first, each with start 0
    headings: tuple[Heading, ...] = ()  #: headings on the page, by ascending start
    words: tuple[Word, ...] = ()  #: of a page that OCR looked at, with their places; of other pages none are kept
    apart: bool = False  #: stands for itself, as a slide does: no passage crosses its bounds


@dataclass(frozen=True)
class Extraction:
    """The pages that could be read and those that could not, each by ascending page number."""

    pages: tuple[Page, ...]
    gaps: tuple[Gap, ...] = ()
    title: str = ""  #: the document's own title; empty when it has none


def number_of(item: Page | Gap) -> int:
    """The page that an item is about."""
    return item.page if isinstance(item, Gap) else item.number


def follow(path: Sequence[Heading], heading: Heading) -> tuple[Heading, ...]:
    """The path of headings in force after one more heading: it ends those of its own level and below."""
    return (*(above for above in path if above.level < heading.level), replace(heading, start=0))


def to_json(item: Page | Gap) -> str:
    """One line of JSON."""
    return json.dumps({type(item).__name__: asdict(item)}, ensure_ascii=True)


def from_json(lines: Iterable[str]) -> Iterator[Page | Gap]:
    """The pages and gaps of complete lines; a line cut off by the end of its writer ends the reading."""
    for line in lines:
        if not line.endswith("\n"):
            return
        (kind, values), *_ = json.loads(line).items()
        yield Gap(**values) if kind == "Gap" else _page(values)


def _page(values: dict[str, Any]) -> Page:
    path, headings = (tuple(Heading(**heading) for heading in values.pop(name)) for name in ("path", "headings"))
    words = tuple(Word(*word) for word in values.pop("words"))
    return Page(**values, path=path, headings=headings, words=words)
