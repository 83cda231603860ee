"""What is known of a picture in a document before anybody reads it, and the form in which a child process tells it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

Origin = Literal["image", "drawing"]  #: pixels in the file, or a region of drawn paths


@dataclass(frozen=True)
class Measures:
    """What the pixels show; shares are 0 to 1."""

    width: int  #: of the picture as it is in the file, or as a drawing was rendered, in pixels
    height: int
    entropy: float  #: of the grey values, in bits: 0 to 8
    edges: float  #: share of the pixels on an edge
    flat: (
        float  #: share of the pixels that differ in nothing from their neighbours: high in graphics, low in photographs
    )
    colours: int  #: how many of 4,096 colours it takes to cover 90 % of the pixels
    main_colour: float  #: share of the most frequent colour, as a rule the background
    saturated: float  #: share of clearly coloured pixels
    rules: int  #: straight horizontal and vertical lines across a good part of the picture: axes, grids, cells
    bands: int  #: rows of ink with nothing between them, as lines of text are
    columns: int  #: parts that upright rules or gaps divide the ink into, as the columns of a table are
    parts: int  #: separate spots of ink: letters and boxes; few in a logo or an icon
    text: float  #: share of the picture that looks like lines of letters
    fingerprint: int  #: 64 bits that near-identical pictures share but for a few


@dataclass(frozen=True)
class Candidate:
    """One picture at one place."""

    page: int  #: from 1, counted as extraction counts pages
    hash: str  #: equal for the same picture at another place
    origin: Origin
    file: str = ""  #: name of its copy for reading, in the folder of the search; empty: too small or not decodable
    box: tuple[float, float, float, float] = (0, 0, 0, 0)  #: left, bottom, right, top as shares of the page; 0: unknown
    share: float = 0.0  #: of the page's area that it covers; 0: unknown
    margin: bool = False  #: it lies within the header or footer
    covered: int = 0  #: characters of the page's own text that lie within it
    paths: int = 0  #: drawn paths of a drawing
    slanted: float = 0.0  #: share of a drawing's paths that are more than horizontal and vertical lines
    alt: str = ""  #: what the file itself says the picture shows
    caption: str = ""  #: the line nearby that begins like "Figure 3" or "Table 2"
    above: tuple[str, ...] = ()  #: text before the picture, the nearest first
    below: tuple[str, ...] = ()  #: text after it, the nearest first
    measures: Measures | None = None  #: None: as for ``file``


def to_json(candidate: Candidate) -> str:
    """One line of JSON."""
    return json.dumps(asdict(candidate), ensure_ascii=True)


def from_json(lines: Iterable[str]) -> Iterator[Candidate]:
    """The candidates of complete lines; a line cut off by the end of its writer ends the reading."""
    for line in lines:
        if not line.endswith("\n"):
            return
        yield _candidate(json.loads(line))


def _candidate(values: dict[str, Any]) -> Candidate:
    measures = values.pop("measures")
    values |= {name: tuple(values[name]) for name in ("box", "above", "below")}
    return Candidate(**values, measures=Measures(**measures) if measures else None)
