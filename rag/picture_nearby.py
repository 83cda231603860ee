"""What stands near a picture: captions, and references to figures and tables, in several languages. Pure."""

import re
from dataclasses import dataclass

MAX_CAPTION = 300  #: characters of a caption that are kept
_WORDS = (
    r"fig(?:ure|\.)?|table|tab\.|chart|diagram|graph|plate|scheme|exhibit|listing|"
    r"abb(?:ildung|\.)?|tabelle|diagramm|schaubild|bild|figura|figure|tabla|gr[aá]fico|cuadro|tableau|graphique|sch[eé]ma|"
    r"рис(?:унок|\.)?|табл(?:ица|\.)?|rys(?:unek|\.)?|obr(?:ázek|\.)?"
)
_NUMBER = r"(?:\d+|[ivxl]+\b|[a-z]?[.\-–]?\d+)(?:[.\-–:]\d+)*"
_LATIN = re.compile(rf"(?<!\w)(?:{_WORDS})\s*\(?{_NUMBER}", re.IGNORECASE)
_EAST_ASIAN = re.compile(r"(?:图表|圖表|图|圖|図表|図|表|그림|표)\s*\d+")


@dataclass(frozen=True)
class Caption:
    """A line that names a figure or table."""

    text: str
    begins: bool  #: it begins with the name, as captions do, and does not merely refer to it


def caption_of(line: str) -> Caption | None:
    """The caption or reference in a line of text, if there is one."""
    text = " ".join(line.split())[:MAX_CAPTION]
    match = _LATIN.search(text) or _EAST_ASIAN.search(text)
    return Caption(text, match.start() <= 2) if match else None


def caption_around(text: str, place: int) -> str:
    """The caption in the two lines after a place in a text, or in the last one before it."""
    after = [line for line in text[place : place + 2 * MAX_CAPTION].split("\n") if line.strip()][:2]
    before = [line for line in text[max(0, place - 2 * MAX_CAPTION) : place].split("\n") if line.strip()][-1:]
    found = [caption for line in [*after, *before] if (caption := caption_of(line))]
    return min(found, key=lambda caption: not caption.begins).text if found else ""
