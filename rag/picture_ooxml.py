"""Office Open XML (ECMA-376): the pictures that a part names, each with its place in the part's text. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
#: Elements that show a picture, and their attribute that names it
_REFERENCES = {"blip": f"{_R}embed", "imagedata": f"{_R}id"}
_PARAGRAPH, _BREAKS = "p", {"br": "\n", "cr": "\n", "tab": " "}


@dataclass(frozen=True)
class Named:
    """A picture as the XML names it; lengths in English metric units (914,400 an inch)."""

    relation: str  #: id of the relationship that leads to its bytes
    alt: str = ""
    width: int = 0  #: as displayed; 0: unknown
    height: int = 0
    left: int = 0  #: of its upper left corner, from the slide's
    top: int = 0
    background: bool = False
    place: int = 0  #: length of the part's text before it


@dataclass
class _Part:
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    pictures: list[Named] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)


def read(root: Element) -> tuple[list[Named], str]:
    """The pictures in their order, and the text with a line end after each paragraph."""
    part = _Part()
    _walk(root, Named(""), part)
    return part.pictures, "".join(part.pieces)


def _walk(element: Element, around: Named, part: _Part) -> None:
    name = local(element)
    if name in {"drawing", "pic", "sp", "pict", "object"}:
        around = _described(element, around)
    elif name == "bg":
        around = replace(around, background=True)
    elif name in _REFERENCES and (relation := element.get(_REFERENCES[name])):
        part.pictures.append(replace(around, relation=relation, place=part.length))
    elif name == "t":
        part.add(element.text or "")
    elif name in _BREAKS:
        part.add(_BREAKS[name])
    for child in _shown(element):
        _walk(child, around, part)
    if name == _PARAGRAPH:
        part.add("\n")


def _shown(element: Element) -> Iterator[Element]:
    """The children that are shown: of alternatives for newer and older programs the first."""
    children = list(element)
    newer = any(local(child) == "Choice" for child in children)
    return (child for child in children if not (newer and local(child) == "Fallback"))


def _described(element: Element, around: Named) -> Named:
    """What a frame says of the pictures in it."""
    for item in element.iter():
        name = local(item)
        if name in {"docPr", "cNvPr"} and (alt := item.get("descr")) and not around.alt:
            around = replace(around, alt=" ".join(alt.split()))
        elif name in {"extent", "ext"} and item.get("cx"):
            if not around.width:
                around = replace(around, width=_length(item, "cx"), height=_length(item, "cy"))
        elif name == "off" and not (around.left or around.top):
            around = replace(around, left=_length(item, "x"), top=_length(item, "y"))
    return around


def _length(element: Element, name: str) -> int:
    text = element.get(name, "")
    return int(text) if text.lstrip("-").isdigit() else 0


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
