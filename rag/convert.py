"""Convert: Office documents, web pages, books and mail to pages of Markdown, by markitdown.

Only local bytes are read, never a URI; markitdown's plug-ins stay off. A presentation has a page a slide, a spreadsheet
one a sheet, everything else is one page.
"""

import io
import re
from pathlib import Path

from core.disk import is_full
from core.errors import DocumentError
from rag import archives, open_document, plain
from rag.pages import Heading, Page, follow

_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
PPTX = f"{_OFFICE}.presentationml.presentation"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
EPUB = "application/epub+zip"
#: What markitdown reads, and the ending by which it knows it
EXTENSIONS = {
    DOCX: ".docx",
    PPTX: ".pptx",
    XLSX: ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-outlook": ".msg",
    "text/html": ".html",
    EPUB: ".epub",
}
ARCHIVES = {DOCX, PPTX, XLSX, EPUB}
#: Kinds of which nothing here can read the text, and what their owner can do
ADVICE = {
    "application/msword": "Save the document as .docx or PDF and upload that.",
    "application/vnd.ms-powerpoint": "Save the presentation as .pptx or PDF and upload that.",
    "application/rtf": "Save the document as .docx or PDF and upload that.",
}

_SLIDE = re.compile(r"^<!-- Slide number: \d+ -->\s*$", re.MULTILINE)
_SHEET = re.compile(r"^(?=## )", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
_PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_EMPTY_CELLS = re.compile(r"\bNaN\b|\bUnnamed: \d+\b")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def convert(path: Path, media_type: str) -> list[Page]:
    """The pages of a file; raises DocumentError when it is damaged or of a kind that cannot be read."""
    if media_type.startswith("text/") and media_type != "text/html":
        return _pages([plain.read_text(path, media_type)])
    if media_type in {"application/json", "application/xml"}:
        return _pages([plain.read_text(path, media_type)])
    if media_type == "message/rfc822":
        return _pages([plain.read_mail(path)])
    if media_type in open_document.KINDS:
        archives.check(path)
        return _pages(open_document.read(path, media_type))
    if media_type not in EXTENSIONS:
        advice = ADVICE.get(media_type, "Upload a PDF of it instead.")
        raise DocumentError("unsupported_type", f"Files of this kind cannot be read. {advice}")
    if media_type in ARCHIVES:
        archives.check(path)
    return _pages(_divided(_markdown(path, media_type), media_type))


def _markdown(path: Path, media_type: str) -> str:
    from markitdown import MarkItDown, StreamInfo  # noqa: PLC0415  takes a second to load, which a PDF need not pay

    information = StreamInfo(mimetype=media_type, extension=EXTENSIONS[media_type])
    try:
        return str(
            MarkItDown(enable_plugins=False).convert_stream(io.BytesIO(path.read_bytes()), stream_info=information)
        )
    except MemoryError:
        raise
    except Exception as error:  # the converters raise whatever their libraries raise
        if is_full(error):
            raise
        raise DocumentError("corrupt", "The file is damaged and cannot be read.") from error


def _divided(markdown: str, media_type: str) -> list[str]:
    """The texts of slides or sheets; the whole text for other kinds."""
    if media_type == PPTX:
        return _SLIDE.split(markdown)[1:] or [markdown]
    if media_type in {XLSX, "application/vnd.ms-excel"}:
        return [sheet for sheet in _SHEET.split(markdown) if sheet.strip()] or [markdown]
    return [markdown]


def _pages(texts: list[str]) -> list[Page]:
    pages = []
    path: tuple[Heading, ...] = ()
    for number, text in enumerate(texts, 1):
        cleaned = _cleaned(text)
        headings = tuple(Heading(m.start(), len(m[1]), m[2]) for m in _HEADING.finditer(cleaned))
        pages.append(Page(number, cleaned, "converted", path=path if len(texts) == 1 else (), headings=headings))
        for heading in headings:
            path = follow(path, heading)
    return pages


def _cleaned(markdown: str) -> str:
    """Without pictures (their description stays), comments and the filling of empty cells."""
    text = _PICTURE.sub(lambda match: match[1], _COMMENT.sub("", markdown))
    text = "\n".join(_EMPTY_CELLS.sub("", line) if line.startswith("|") else line for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text.replace("\x00", "").replace("\f", "\n")).strip()
