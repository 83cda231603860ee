"""Find the pictures of Word documents and presentations: what a relationship of the text or of a slide points to."""

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]

from rag import archives
from rag.convert import DOCX
from rag.picture_candidates import Candidate
from rag.picture_files import MAX_BYTES, Copies, digest
from rag.picture_nearby import caption_around
from rag.picture_ooxml import Named, local, read

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
TEXT_AREA = (5_731_510, 8_863_330)  #: of an A4 page with one-inch margins, in English metric units
SLIDE = (9_144_000, 6_858_000)  #: where a presentation says nothing else
MAX_XML = 100_000_000  #: bytes of a part
NEARBY = 400  #: characters before a picture by which its place is found again
DAMAGED = (zipfile.BadZipFile, OSError, KeyError, RuntimeError, NotImplementedError, EOFError, ParseError)


@dataclass(frozen=True)
class _Placed:
    """A picture with all that is known of it before it is decoded."""

    named: Named
    target: str  #: the member of the archive with its bytes
    page: int
    sheet: tuple[int, int]  #: width and height of the page
    text: str  #: of its part
    flows: bool  #: the text runs around it, so that its place in the text is its place on the page
    margin: bool


def find(path: Path, media_type: str, copies: Copies, at: Callable[[int], None], after: int) -> Iterator[Candidate]:
    """The pictures after the first ``after`` ones, in the order of the document.

    ``at`` is told the number of each before it is decoded. Raises DocumentError when the file is damaged or unpacks to
    too much.
    """
    archives.check(path)
    with zipfile.ZipFile(path) as archive:
        placed = list(_word(archive) if media_type == DOCX else _slides(archive))
        for number, picture in enumerate(placed[after:], after + 1):
            at(number)
            yield _candidate(archive, picture, copies)


def _word(archive: zipfile.ZipFile) -> Iterator[_Placed]:
    names = archive.namelist()
    edges = sorted(name for name in names if name.startswith(("word/header", "word/footer")) and name.endswith(".xml"))
    for part in ("word/document.xml", *edges):
        yield from _pictures(archive, part, 1, TEXT_AREA, flows=part not in edges)


def _slides(archive: zipfile.ZipFile) -> Iterator[_Placed]:
    root = _xml(archive, "ppt/presentation.xml")
    if root is None:
        return
    targets = _targets(archive, "ppt/presentation.xml")
    sizes = [(int(item.get("cx", "0")), int(item.get("cy", "0"))) for item in root.iter() if local(item) == "sldSz"]
    slides = [item.get(f"{_R}id", "") for item in root.iter() if local(item) == "sldId"]
    for page, relation in enumerate(slides, 1):
        if relation in targets:
            yield from _pictures(archive, targets[relation], page, sizes[0] if sizes else SLIDE, flows=False)


def _pictures(
    archive: zipfile.ZipFile, part: str, page: int, sheet: tuple[int, int], *, flows: bool
) -> Iterator[_Placed]:
    root = _xml(archive, part)
    if root is None:
        return
    targets = _targets(archive, part)
    named, text = read(root)
    margin = posixpath.basename(part).startswith(("header", "footer"))
    for picture in named:
        if picture.relation in targets:
            yield _Placed(picture, targets[picture.relation], page, sheet, text, flows, margin)


def _candidate(archive: zipfile.ZipFile, picture: _Placed, copies: Copies) -> Candidate:
    data = _bytes(archive, picture.target)
    key = digest(data)
    file, measures = copies.add_bytes(key, data)
    named, (width, height) = picture.named, picture.sheet
    share = 1.0 if named.background else named.width * named.height / max(1, width * height)
    before = picture.text[max(0, named.place - NEARBY) : named.place]
    return Candidate(
        page=picture.page,
        hash=key,
        origin="image",
        file=file,
        box=(0, 0, 0, 0) if picture.flows else _box(named, width, height),
        share=min(1.0, share),
        margin=picture.margin,
        alt=named.alt,
        caption=caption_around(picture.text, named.place),
        above=(before,) if picture.flows else (),
        measures=measures,
    )


def _box(named: Named, width: int, height: int) -> tuple[float, float, float, float]:
    left, top = named.left / max(1, width), 1 - named.top / max(1, height)
    return (left, top - named.height / max(1, height), left + named.width / max(1, width), top)


def _bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes, none if it is missing, damaged or too large."""
    try:
        return archive.read(name) if archive.getinfo(name).file_size <= MAX_BYTES else b""
    except DAMAGED:
        return b""


def _xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A part's root, None if it is missing, damaged or too large."""
    try:
        if archive.getinfo(name).file_size > MAX_XML:
            return None
        root: Element = ElementTree.fromstring(archive.read(name))
    except (*DAMAGED, DefusedXmlException):
        return None
    return root


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relationship id -> member, for what lies within the archive: nothing outside is ever fetched."""
    folder, name = posixpath.split(part)
    root = _xml(archive, f"{folder}/_rels/{name}.rels")
    if root is None:
        return {}
    return {
        item.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, item.get("Target", "")))[1:]
        for item in root
        if item.get("TargetMode") != "External"
    }
