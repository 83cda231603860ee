"""Small presentations and drawings, written part by part."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from pptx import Presentation
from pptx.slide import Slide
from pptx.util import Cm

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
        "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
        "xlink": "http://www.w3.org/1999/xlink",
    }.items()
)
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>{more}</manifest:manifest>'
)
_LAYOUT = (
    '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="20cm" fo:page-height="20cm" '
    'fo:margin-top="0cm" fo:margin-bottom="0cm" fo:margin-left="0cm" fo:margin-right="0cm"/></style:page-layout>'
)
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHOW = "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"


def pptx(path: Path, titles: Sequence[str], hidden: int = 0, show: bool = False, linked: str = "") -> Path:
    """A presentation with a slide a title; the slide ``hidden`` (from 1) is not shown when it is given.

    ``linked`` is the address of a picture that each slide shows.
    """
    deck = Presentation()
    for number, title in enumerate(titles, 1):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_textbox(Cm(2), Cm(2), Cm(15), Cm(3)).text_frame.text = title
        if linked:
            _link_picture(slide, linked)
        if number == hidden:
            slide._element.set("show", "0")
    if show:
        deck.part._content_type = SHOW
    deck.save(str(path))
    return path


def _link_picture(slide: Slide, address: str) -> None:
    """A picture that covers the slide and stands elsewhere, in place of one within the file."""
    within = io.BytesIO()
    Image.new("RGB", (8, 8)).save(within, "PNG")
    picture = slide.shapes.add_picture(within, Cm(0), Cm(0), Cm(25), Cm(19))
    blip = next(picture._element.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}blip"))
    blip.attrib.pop(f"{{{RELATIONSHIPS}}}embed")
    blip.set(f"{{{RELATIONSHIPS}}}link", slide.part.relate_to(address, f"{RELATIONSHIPS}/image", is_external=True))


def odp(path: Path, picture: str, content: bytes = b"") -> Path:
    """A presentation whose one slide shows the picture at an address, or at a place within the file."""
    frame = (
        '<draw:frame svg:x="5cm" svg:y="5cm" svg:width="10cm" svg:height="10cm">'
        f'<draw:image xlink:href="{picture}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/>'
        "</draw:frame>"
    )
    body = f'<office:presentation><draw:page draw:master-page-name="M">{frame}</draw:page></office:presentation>'
    media_type = "application/vnd.oasis.opendocument.presentation"
    return _open_document(path, media_type, "", body, {picture: content} if content else {})


def odg(path: Path, colour: str) -> Path:
    """A drawing whose upper left quarter is of a colour."""
    style = (
        '<style:style style:name="S" style:family="graphic">'
        f'<style:graphic-properties draw:stroke="none" draw:fill="solid" draw:fill-color="{colour}"/></style:style>'
    )
    shape = '<draw:rect draw:style-name="S" svg:x="0cm" svg:y="0cm" svg:width="10cm" svg:height="10cm"/>'
    body = f'<office:drawing><draw:page draw:master-page-name="M">{shape}</draw:page></office:drawing>'
    return _open_document(path, "application/vnd.oasis.opendocument.graphics", style, body, {})


def _open_document(path: Path, media_type: str, style: str, body: str, files: dict[str, bytes]) -> Path:
    content = (
        f'<office:document-content {_NAMESPACES} office:version="1.2"><office:automatic-styles>{style}'
        f"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    )
    styles = (
        f'<office:document-styles {_NAMESPACES} office:version="1.2"><office:automatic-styles>{_LAYOUT}'
        '</office:automatic-styles><office:master-styles><style:master-page style:name="M" '
        'style:page-layout-name="L"/></office:master-styles></office:document-styles>'
    )
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="image/png"/>' for name in files
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", media_type)
        archive.writestr("META-INF/manifest.xml", _MANIFEST.format(media_type=media_type, more=entries))
        archive.writestr("content.xml", content)
        archive.writestr("styles.xml", styles)
        for name, data in files.items():
            archive.writestr(name, data)
    return path
